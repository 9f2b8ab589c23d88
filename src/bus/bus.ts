import { Queue } from '../util/queue.ts'
import { FULL, type OnRecord, RingConsumer, RingCorruption, RingProducer, readRest } from './ring.ts'
import type { Wakeups } from './wake.ts'

/** Gets one record from the worker `from`; the body is valid only during the call. */
export type OnBusRecord = (from: number, kind: number, block: Buffer, start: number, end: number) => void

/** The two rings between this worker and another. A worker has a link to itself too, which keeps everything in one order. */
export interface Link {
  readonly outgoing: SharedArrayBuffer
  readonly incoming: SharedArrayBuffer
  /** Which worker of that seat it is: how many had it before. */
  readonly generation: number
}

interface Waiting {
  readonly kind: number
  readonly body: Buffer
}

interface Peer {
  readonly generation: number
  readonly outgoing: SharedArrayBuffer
  producer: RingProducer
  consumer: RingConsumer
  /** Records that found the ring full, in order; while there are any, all new ones go here too. */
  readonly overflow: Queue<Waiting>
  overflowBytes: number
  /** Written since the last `flush`: the peer may have to be woken. */
  touched: boolean
  /** The pieces of a long record that arrived so far. */
  partial: { readonly body: Buffer; at: number } | undefined
}

/** A piece of a record that is longer than a ring takes: u32 kind, u32 total length, u32 offset, bytes. */
const PIECE = 0xffff
const PIECE_HEADER = 12
/** Twice the longest body that HTTP takes. */
const RECORD_BYTES_MAX = 1 << 29

/**
 * The rings of one worker to and from every worker, itself included. Records between two workers keep their order. A full
 * ring never blocks and never loses a record: the record waits here, and `congested` tells its senders to stop reading.
 * Thread: its worker only.
 */
export class Bus {
  /** Where the body of the record begun goes, from the offset that `begin` returned. */
  block: Buffer = Buffer.alloc(0)
  /** Called for every record written: the worker has something to flush. */
  onWrite: () => void = () => undefined
  /** Records that did not fit into a ring at once, since the start. */
  overflowed = 0
  readonly self: number
  /** The workers with a link, this one included; each is up or down. */
  readonly links: readonly number[]
  readonly #peers: (Peer | undefined)[]
  readonly #wakeups: Wakeups
  readonly #onRecord: OnBusRecord
  readonly #congestedBytes: number
  #openTo = 0
  #openKind = 0
  #openDirect = false

  constructor(self: number, links: readonly Link[], wakeups: Wakeups, congestedBytes: number, onRecord: OnBusRecord) {
    this.self = self
    this.#wakeups = wakeups
    this.#onRecord = onRecord
    this.#congestedBytes = congestedBytes
    this.#peers = links.map(open)
    this.links = [...links.keys()]
  }

  /**
   * Begins one record of `byteCount` bytes; the caller fills `block` from the returned offset and calls `end`. Never
   * refuses. A record to a worker that is down goes nowhere: a caller that needs to know checks `isUp` or has a deadline.
   */
  begin(to: number, kind: number, byteCount: number): number {
    const peer = this.#peers[to]
    this.#openTo = to
    this.#openKind = kind
    this.#openDirect = false
    if (peer !== undefined && peer.overflow.length === 0 && byteCount <= peer.producer.recordBytesMax) {
      const at = peer.producer.claim(byteCount)
      if (at !== FULL) {
        this.#openDirect = true
        this.block = peer.producer.block
        return at
      }
    }
    this.block = Buffer.allocUnsafe(byteCount)
    return 0
  }

  end(): void {
    const peer = this.#peers[this.#openTo]
    if (peer === undefined) return
    peer.touched = true
    this.onWrite()
    if (this.#openDirect) {
      peer.producer.commit(this.#openKind)
      return
    }
    this.#enqueue(peer, this.#openKind, this.block)
    this.#push(peer)
  }

  /** Whether so much waits for the worker that its senders should pause. */
  congested(to: number): boolean {
    const peer = this.#peers[to]
    return peer !== undefined && peer.overflowBytes > this.#congestedBytes
  }

  /** Bytes that wait here for a worker whose ring is full. */
  backlogOf(to: number): number {
    return this.#peers[to]?.overflowBytes ?? 0
  }

  /** How full the fullest ring is that this worker reads, 0..1. */
  get fill(): number {
    let fill = 0
    for (const peer of this.#peers) if (peer !== undefined && peer.consumer.fill > fill) fill = peer.consumer.fill
    return fill
  }

  /** Which worker of a seat records to it reach: news of a newer one may come by others first. @returns undefined while it is down */
  generationOf(worker: number): number | undefined {
    return this.#peers[worker]?.generation
  }

  isUp(worker: number): boolean {
    return this.#peers[worker] !== undefined
  }

  /** Hands on what arrived, a share from each worker. @returns the number of records; 0: nothing is left. */
  drain(recordsMax: number): number {
    let count = 0
    for (let from = 0; from < this.#peers.length; from++) {
      const peer = this.#peers[from]
      if (peer === undefined) continue
      count += peer.consumer.drain(
        (kind, block, start, end) => this.#receive(from, peer, kind, block, start, end),
        recordsMax,
      )
    }
    return count
  }

  readonly #hasWork = (): boolean => this.#peers.some(peer => peer !== undefined && !peer.consumer.isEmpty)

  /** Once per turn: moves waiting records into rings that have room and wakes the workers that sleep.
   *  @returns false while records still wait: call again soon. */
  flush(): boolean {
    let done = true
    for (let to = 0; to < this.#peers.length; to++) {
      const peer = this.#peers[to]
      if (peer === undefined) continue
      if (peer.overflow.length > 0) {
        peer.touched = true
        if (!this.#push(peer)) done = false
      }
      if (peer.touched) {
        peer.touched = false
        if (to !== this.self) this.#wakeups.wake(to)
      }
    }
    return done
  }

  /** Sleeps until a record comes. @returns false when there is one: stay up */
  sleep(onWake: () => void): boolean {
    return this.#wakeups.sleep(this.#hasWork, onWake)
  }

  awake(): void {
    this.#wakeups.awake()
  }

  /**
   * The worker ended: reads what it had published, then forgets its rings.
   * @param onUnread gets what was for it and it has not read; not what is left of a long record that it was reading
   */
  disconnect(worker: number, onUnread: OnRecord = () => undefined): void {
    const peer = this.#peers[worker]
    if (peer === undefined) return
    try {
      while (
        peer.consumer.drain((kind, block, start, end) => this.#receive(worker, peer, kind, block, start, end), 1024) > 0
      );
    } finally {
      this.#peers[worker] = undefined
      this.#showUnread(peer, onUnread)
    }
  }

  #showUnread({ outgoing, overflow }: Peer, onUnread: OnRecord): void {
    const show: OnRecord = (kind, block, start, end) => {
      if (kind !== PIECE) onUnread(kind, block, start, end)
      else if (isNext(block, start, end, 0)) onUnread(block.readUInt32LE(start), block, start + PIECE_HEADER, end)
    }
    readRest(outgoing, show)
    for (let next = overflow.shift(); next !== undefined; next = overflow.shift()) {
      show(next.kind, next.body, 0, next.body.length)
    }
  }

  connect(worker: number, link: Link): void {
    this.#peers[worker] = open(link)
  }

  #enqueue(peer: Peer, kind: number, body: Buffer): void {
    this.overflowed++
    const max = peer.producer.recordBytesMax
    if (body.length <= max) {
      peer.overflow.push({ kind, body })
      peer.overflowBytes += body.length
      return
    }
    for (let at = 0; at < body.length; at += max - PIECE_HEADER) {
      const piece = Buffer.concat([Buffer.alloc(PIECE_HEADER), body.subarray(at, at + max - PIECE_HEADER)])
      piece.writeUInt32LE(kind, 0)
      piece.writeUInt32LE(body.length, 4)
      piece.writeUInt32LE(at, 8)
      peer.overflow.push({ kind: PIECE, body: piece })
      peer.overflowBytes += piece.length
    }
  }

  /** @returns false when the ring is full again. */
  #push(peer: Peer): boolean {
    const { overflow, producer } = peer
    for (let next = overflow.first; next !== undefined; next = overflow.first) {
      const { kind, body } = next
      const at = producer.claim(body.length)
      if (at === FULL) return false
      body.copy(producer.block, at)
      producer.commit(kind)
      peer.overflowBytes -= body.length
      overflow.shift()
    }
    return true
  }

  #receive(from: number, peer: Peer, kind: number, block: Buffer, start: number, end: number): void {
    if (kind !== PIECE) {
      this.#onRecord(from, kind, block, start, end)
      return
    }
    const total = end - start < PIECE_HEADER ? 0 : block.readUInt32LE(start + 4)
    const at = peer.partial?.at ?? 0
    if (total > RECORD_BYTES_MAX || total !== (peer.partial?.body.length ?? total) || !isNext(block, start, end, at)) {
      throw new RingCorruption(`a piece of a record of ${total} bytes, of which there are ${at}`)
    }
    peer.partial ??= { body: Buffer.allocUnsafeSlow(total), at: 0 }
    const { body } = peer.partial
    peer.partial.at += block.copy(body, block.readUInt32LE(start + 8), start + PIECE_HEADER, end)
    if (peer.partial.at < body.length) return
    peer.partial = undefined
    this.#onRecord(from, block.readUInt32LE(start), body, 0, body.length)
  }
}

/** Whether the piece goes on where the one before it ended, and not beyond the whole. */
function isNext(block: Buffer, start: number, end: number, at: number): boolean {
  const bytes = end - start - PIECE_HEADER
  if (bytes <= 0 || block.readUInt32LE(start + 8) !== at) return false
  return at + bytes <= block.readUInt32LE(start + 4)
}

function open(link: Link): Peer {
  return {
    generation: link.generation,
    outgoing: link.outgoing,
    producer: new RingProducer(link.outgoing),
    consumer: new RingConsumer(link.incoming),
    overflow: new Queue(),
    overflowBytes: 0,
    touched: false,
    partial: undefined,
  }
}
