import type { KeyedHash } from '../util/keyed-hash.ts'

/** Two words a place: whose it is, and how many he has open (0: the place is free). Eight places make a cache line. */
const PLACE_WORDS = 2
const WAYS = 8
const BUCKET_WORDS = PLACE_WORDS * WAYS
/** Addresses with a connection that one worker can count at a time. */
const PLACES = 65_536
const BUCKETS = PLACES / WAYS
const TABLE_WORDS = PLACES * PLACE_WORDS

/** No place was left to count it in: it may come, for a full table is not the fault of who comes. */
export const UNCOUNTED = -1
export const TOO_MANY = -2

/**
 * How many connections each address has open, over all workers. Every worker has a table in shared memory that it alone writes,
 * and reads those of the others; so what a lost worker had is forgotten by clearing its table (`forget`, by main).
 */
export class AddressCounts {
  readonly #words: Int32Array
  readonly #hash: KeyedHash
  readonly #own: number

  static memory(workers: number): SharedArrayBuffer {
    return new SharedArrayBuffer(workers * TABLE_WORDS * 4)
  }

  /** The worker has ended, and the next one of its seat has not begun. Thread: main. */
  static forget(memory: SharedArrayBuffer, worker: number): void {
    new Int32Array(memory, worker * TABLE_WORDS * 4, TABLE_WORDS).fill(0)
  }

  constructor(memory: SharedArrayBuffer, hash: KeyedHash, worker: number) {
    this.#words = new Int32Array(memory)
    this.#hash = hash
    this.#own = worker * TABLE_WORDS
  }

  /**
   * Counts one more, unless that would be more than `max`: never more, and of two that come to two workers at the same moment for
   * the last place both may be refused.
   * @returns what `leave` needs; UNCOUNTED, or TOO_MANY
   */
  enter(high: number, low: number, max: number): number {
    const name = this.#hash.of(high, low) || 1
    const bucket = (this.#hash.low & (BUCKETS - 1)) * BUCKET_WORDS
    const place = this.#ownPlaceOf(name, bucket)
    if (place === UNCOUNTED) return UNCOUNTED
    // First counted, then looked at: of two workers at least one sees the other's.
    Atomics.add(this.#words, place + 1, 1)
    if (this.#sum(name, bucket) <= max) return place
    Atomics.sub(this.#words, place + 1, 1)
    return TOO_MANY
  }

  leave(place: number): void {
    if (place >= 0) Atomics.sub(this.#words, place + 1, 1)
  }

  #ownPlaceOf(name: number, bucket: number): number {
    const words = this.#words
    const start = this.#own + bucket
    let free = UNCOUNTED
    for (let at = start; at < start + BUCKET_WORDS; at += PLACE_WORDS) {
      if (words[at + 1] === 0) free = free === UNCOUNTED ? at : free
      else if (words[at] === name) return at
    }
    if (free !== UNCOUNTED) Atomics.store(words, free, name)
    return free
  }

  #sum(name: number, bucket: number): number {
    const words = this.#words
    let sum = 0
    for (let table = bucket; table < words.length; table += TABLE_WORDS) {
      for (let at = table; at < table + BUCKET_WORDS; at += PLACE_WORDS) {
        if (Atomics.load(words, at) === name) sum += Atomics.load(words, at + 1)
      }
    }
    return sum
  }
}
