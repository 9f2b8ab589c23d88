import type { KeyedHash } from '../util/keyed-hash.ts'

/** Two words a place: whose it is (0: nobody's), and until when what he did is paid for. Eight places make a cache line. */
const PLACE_WORDS = 2
const WAYS = 8
const BUCKET_WORDS = PLACE_WORDS * WAYS
/** How many may be under way at once; more, and those with the least to pay are forgotten. */
const PLACES = 65_536
const BUCKETS = PLACES / WAYS

/**
 * How often each of many may do something, over all threads: GCRA in shared memory, of a fixed size. A place is a time in
 * microseconds modulo 2^32, until which the rate is used up; a bucket that is full forgets who has the least to pay, so a flood
 * of strangers drives out strangers. Thread: any.
 * Source: ITU-T I.371, Generic Cell Rate Algorithm (virtual scheduling).
 */
export class RateTable {
  readonly #words: Int32Array
  readonly #hash: KeyedHash
  readonly #costUs: number
  readonly #windowUs: number

  static memory(): SharedArrayBuffer {
    return new SharedArrayBuffer(PLACES * PLACE_WORDS * 4)
  }

  /** @param limit so often within the window, at once or spread @param windowMs up to ten minutes */
  constructor(memory: SharedArrayBuffer, hash: KeyedHash, limit: number, windowMs: number) {
    this.#words = new Int32Array(memory)
    this.#hash = hash
    this.#windowUs = windowMs * 1000
    this.#costUs = Math.max(1, Math.floor(this.#windowUs / limit))
  }

  /** Once more. @param nowUs `Clock.instant` @returns 0: within the rate, and counted; else milliseconds to wait */
  take(high: number, low: number, nowUs: number): number {
    const now = nowUs | 0
    const at = this.#placeOf(high, low, now)
    for (;;) {
      const paidUntil = Atomics.load(this.#words, at)
      const used = this.#used(paidUntil, now)
      const waitUs = used + this.#costUs - this.#windowUs
      if (waitUs > 0) return waitUs / 1000
      if (Atomics.compareExchange(this.#words, at, paidUntil, (now + used + this.#costUs) | 0) === paidUntil) return 0
    }
  }

  /** The same, and nothing is counted. */
  wait(high: number, low: number, nowUs: number): number {
    const now = nowUs | 0
    const name = this.#nameOf(high, low)
    const start = this.#bucketOf()
    for (let at = start; at < start + BUCKET_WORDS; at += PLACE_WORDS) {
      if (Atomics.load(this.#words, at) !== name) continue
      const used = this.#used(Atomics.load(this.#words, at + 1), now)
      return Math.max(0, used + this.#costUs - this.#windowUs) / 1000
    }
    return 0
  }

  /** Forgets whose rate is whole again; more often than each half hour, for then the times come round. */
  prune(nowUs: number): void {
    const now = nowUs | 0
    const words = this.#words
    for (let at = 0; at < words.length; at += PLACE_WORDS) {
      const name = words[at]!
      if (name === 0 || this.#used(Atomics.load(words, at + 1), now) > 0) continue
      Atomics.compareExchange(words, at, name, 0)
    }
  }

  /** Microseconds of the window that are used up. A time beyond the window is one of an earlier round. */
  #used(paidUntil: number, now: number): number {
    const ahead = (paidUntil - now) | 0
    return ahead > 0 && ahead <= this.#windowUs ? ahead : 0
  }

  #nameOf(high: number, low: number): number {
    return this.#hash.of(high, low) || 1
  }

  /** Of the name that was made last. */
  #bucketOf(): number {
    return (this.#hash.low & (BUCKETS - 1)) * BUCKET_WORDS
  }

  /** @returns where its time stands; the place is made when there is none */
  #placeOf(high: number, low: number, now: number): number {
    const words = this.#words
    const name = this.#nameOf(high, low)
    const start = this.#bucketOf()
    for (;;) {
      let least = start
      let leastUsed = Number.POSITIVE_INFINITY
      let leastName = 0
      for (let at = start; at < start + BUCKET_WORDS; at += PLACE_WORDS) {
        const found = Atomics.load(words, at)
        if (found === name) return at + 1
        const used = found === 0 ? -1 : this.#used(Atomics.load(words, at + 1), now)
        if (used >= leastUsed) continue
        least = at
        leastUsed = used
        leastName = found
      }
      const paidUntil = Atomics.load(words, least + 1)
      // Another thread may take it first, for this name or another: look again.
      if (Atomics.compareExchange(words, least, leastName, name) !== leastName) continue
      // Unless another thread has already counted something for the new name.
      Atomics.compareExchange(words, least + 1, paidUntil, now)
      return least + 1
    }
  }
}
