/**
 * A single-producer single-consumer ring of records in shared memory, after Agrona's OneToOneRingBuffer.
 *
 *   header   0         128       256
 *            | tail    | head    | records ...      tail: written by the producer; head: by the consumer.
 *                                                   Each has its cache lines to itself.
 *   record   0        4        8
 *            | length | kind   | body, `length` bytes, padded to 8 |      little-endian
 *
 * Positions are bytes since the beginning, modulo 2^32; the capacity is a power of two. A record never wraps: a padding
 * record (kind 0) fills the end. What lies between head and tail belongs to the consumer, the rest to the producer; the
 * store to `tail` publishes every byte before it (Atomics are sequentially consistent).
 */
const TAIL = 0
const HEAD = 32
const HEADER_BYTES = 256
const RECORD_HEADER = 8
const PADDING = 0

/** @param capacityBytes a power of two, at least 4096 */
export function createRing(capacityBytes: number): SharedArrayBuffer {
  if (capacityBytes < 4096 || (capacityBytes & (capacityBytes - 1)) !== 0) {
    throw new RangeError(`ring capacity must be a power of two from 4096, not ${capacityBytes}`)
  }
  return new SharedArrayBuffer(HEADER_BYTES + capacityBytes)
}

/** No room now: nothing was changed, try again after the consumer has read. */
export const FULL = -1

export class RingProducer {
  readonly block: Buffer
  /** The longest body; a longer one has to be cut in pieces. */
  readonly recordBytesMax: number
  readonly #positions: Int32Array
  readonly #mask: number
  readonly #capacity: number
  #tail: number
  #cachedHead: number
  #claimedBytes = 0

  constructor(memory: SharedArrayBuffer) {
    this.#positions = new Int32Array(memory, 0, HEADER_BYTES / 4)
    this.block = Buffer.from(memory, HEADER_BYTES)
    this.#capacity = this.block.length
    this.#mask = this.#capacity - 1
    this.recordBytesMax = this.#capacity / 4 - RECORD_HEADER
    this.#tail = Atomics.load(this.#positions, TAIL)
    this.#cachedHead = Atomics.load(this.#positions, HEAD)
  }

  /**
   * Reserves room for one record; invisible to the consumer until `commit`.
   * @param byteCount body length in bytes, 0..recordBytesMax
   * @returns where in `block` the body goes, 8-byte aligned, or FULL: nothing was changed
   * @throws RangeError on a caller's mistake, never on load. Thread: producer only. Allocates nothing.
   */
  claim(byteCount: number): number {
    if (byteCount > this.recordBytesMax) throw new RangeError(`a record of ${byteCount} bytes does not fit`)
    const total = (byteCount + RECORD_HEADER + 7) & ~7
    const index = this.#tail & this.#mask
    const toEnd = this.#capacity - index
    const needed = total <= toEnd ? total : toEnd + total
    if (needed > this.#free() && needed > this.#freshFree()) return FULL
    if (total > toEnd) {
      this.block.writeUInt32LE(toEnd - RECORD_HEADER, index)
      this.block.writeUInt32LE(PADDING, index + 4)
      this.#tail = (this.#tail + toEnd) | 0
    }
    this.#claimedBytes = byteCount
    return (this.#tail & this.#mask) + RECORD_HEADER
  }

  /** Publishes the claimed record. @param kind 1.. */
  commit(kind: number): void {
    const index = this.#tail & this.#mask
    this.block.writeUInt32LE(this.#claimedBytes, index)
    this.block.writeUInt32LE(kind, index + 4)
    this.#tail = (this.#tail + ((this.#claimedBytes + RECORD_HEADER + 7) & ~7)) | 0
    Atomics.store(this.#positions, TAIL, this.#tail)
  }

  #free(): number {
    return this.#capacity - ((this.#tail - this.#cachedHead) | 0)
  }

  #freshFree(): number {
    this.#cachedHead = Atomics.load(this.#positions, HEAD)
    return this.#free()
  }
}

/**
 * What stands in a ring is none of what a producer writes. All that was published is passed over, so that nothing is read
 * twice and nothing outside the ring; what was lost is not known, so whoever reads it should end and begin anew.
 */
export class RingCorruption extends Error {
  override readonly name = 'RingCorruption'
}

/** Gets one record: its kind and where its body stands in `block`; valid only during the call. */
export type OnRecord = (kind: number, block: Buffer, start: number, end: number) => void

export class RingConsumer {
  readonly #positions: Int32Array
  readonly #block: Buffer
  readonly #mask: number
  #head: number

  constructor(memory: SharedArrayBuffer) {
    this.#positions = new Int32Array(memory, 0, HEADER_BYTES / 4)
    this.#block = Buffer.from(memory, HEADER_BYTES)
    this.#mask = this.#block.length - 1
    this.#head = Atomics.load(this.#positions, HEAD)
  }

  /** May be stale by the time the caller acts; never says empty when a record was published before the call. */
  get isEmpty(): boolean {
    return Atomics.load(this.#positions, TAIL) === this.#head
  }

  /** How full it is, 0..1; stale at once. */
  get fill(): number {
    return ((Atomics.load(this.#positions, TAIL) - this.#head) >>> 0) / this.#block.length
  }

  /**
   * Hands on up to `recordsMax` records in order; their room is given back after each. Thread: consumer only.
   * A record counts as read before its handler runs: a handler that throws does not see it again.
   * @throws RingCorruption on a length that leads out of what was published
   */
  drain(onRecord: OnRecord, recordsMax: number): number {
    let count = 0
    let tail = Atomics.load(this.#positions, TAIL)
    while (count < recordsMax) {
      if (this.#head === tail) {
        tail = Atomics.load(this.#positions, TAIL)
        if (this.#head === tail) break
      }
      const index = this.#head & this.#mask
      const length = this.#block.readUInt32LE(index)
      const kind = this.#block.readUInt32LE(index + 4)
      // A record ends before the block does, and before what is published does.
      const lengthMax = Math.min(this.#block.length - index, (tail - this.#head) >>> 0) - RECORD_HEADER
      if (length > lengthMax || (index & 7) !== 0) this.#giveUp(tail, length, index)
      this.#head = (this.#head + ((length + RECORD_HEADER + 7) & ~7)) | 0
      try {
        if (kind !== PADDING) {
          count++
          onRecord(kind, this.#block, index + RECORD_HEADER, index + RECORD_HEADER + length)
        }
      } finally {
        Atomics.store(this.#positions, HEAD, this.#head)
      }
    }
    return count
  }

  #giveUp(tail: number, length: number, index: number): never {
    this.#head = tail
    Atomics.store(this.#positions, HEAD, tail)
    throw new RingCorruption(`a record of ${length} bytes at ${index} of a ring of ${this.#block.length}`)
  }
}

/** Hands on what is in a ring whose consumer has ended. Of a ring that cannot be read nothing more is known. */
export function readRest(memory: SharedArrayBuffer, onRecord: OnRecord): void {
  try {
    new RingConsumer(memory).drain(onRecord, Number.POSITIVE_INFINITY)
  } catch (error) {
    if (!(error instanceof RingCorruption)) throw error
  }
}
