import type { Id } from '../util/id.ts'

const NONE = -1

/** The entries that have one count, in a list of buckets ordered by count. */
interface Bucket {
  readonly count: number
  lower: Bucket | undefined
  higher: Bucket | undefined
  /** The first of its entries. */
  head: number
}

/**
 * Counts by id, and which ids have the most. A step by one moves an entry to the neighbouring bucket: O(1), however many entries
 * there are; the top of the list costs what is read of it. Entries are slots in flat arrays, some 100 bytes each with the
 * map from the id (docs/performance.md). An entry whose count is 0 is gone.
 */
export class Ranking {
  readonly #slotOf = new Map<Id, number>()
  readonly #ids: Id[] = []
  readonly #bucketOf: (Bucket | undefined)[] = []
  #next = new Int32Array(1024)
  #previous = new Int32Array(1024)
  #freeSlot = NONE
  #highest: Bucket | undefined
  #lowest: Bucket | undefined

  get size(): number {
    return this.#slotOf.size
  }

  countOf(id: Id): number {
    const slot = this.#slotOf.get(id)
    return slot === undefined ? 0 : this.#bucketOf[slot]!.count
  }

  /** Adds what is known from before to an empty ranking. Counts are above 0, each id stands once. */
  load(entries: readonly { readonly id: Id; readonly count: number }[]): void {
    for (const { id, count } of [...entries].sort((one, other) => one.count - other.count)) {
      const last = this.#highest
      const bucket = last?.count === count ? last : this.#insert(count, last)
      this.#put(this.#newSlot(id), bucket)
    }
  }

  increase(id: Id): void {
    const slot = this.#slotOf.get(id)
    if (slot === undefined) {
      const bucket = this.#lowest?.count === 1 ? this.#lowest : this.#insert(1, undefined)
      this.#put(this.#newSlot(id), bucket)
      return
    }
    const from = this.#bucketOf[slot]!
    const to = from.higher?.count === from.count + 1 ? from.higher : this.#insert(from.count + 1, from)
    this.#take(slot, from)
    this.#put(slot, to)
  }

  decrease(id: Id): void {
    const slot = this.#slotOf.get(id)
    if (slot === undefined) return
    const from = this.#bucketOf[slot]!
    if (from.count === 1) {
      this.remove(id)
      return
    }
    const to = from.lower?.count === from.count - 1 ? from.lower : this.#insert(from.count - 1, from.lower)
    this.#take(slot, from)
    this.#put(slot, to)
  }

  remove(id: Id): void {
    const slot = this.#slotOf.get(id)
    if (slot === undefined) return
    this.#take(slot, this.#bucketOf[slot]!)
    this.#slotOf.delete(id)
    this.#bucketOf[slot] = undefined
    this.#next[slot] = this.#freeSlot
    this.#freeSlot = slot
  }

  /** The entries with the highest counts, highest first; among equals in no order that means anything. */
  top(num: number): { id: Id; count: number }[] {
    const list: { id: Id; count: number }[] = []
    for (let bucket = this.#highest; bucket !== undefined; bucket = bucket.lower) {
      for (let slot = bucket.head; slot !== NONE; slot = this.#next[slot]!) {
        if (list.length === num) return list
        list.push({ id: this.#ids[slot]!, count: bucket.count })
      }
    }
    return list
  }

  /** A new bucket above `lower`; undefined: at the bottom. */
  #insert(count: number, lower: Bucket | undefined): Bucket {
    const higher = lower === undefined ? this.#lowest : lower.higher
    const bucket: Bucket = { count, lower, higher, head: NONE }
    if (lower === undefined) this.#lowest = bucket
    else lower.higher = bucket
    if (higher === undefined) this.#highest = bucket
    else higher.lower = bucket
    return bucket
  }

  #put(slot: number, bucket: Bucket): void {
    this.#bucketOf[slot] = bucket
    this.#next[slot] = bucket.head
    this.#previous[slot] = NONE
    if (bucket.head !== NONE) this.#previous[bucket.head] = slot
    bucket.head = slot
  }

  /** Takes an entry out of its bucket; a bucket without entries is gone. */
  #take(slot: number, bucket: Bucket): void {
    const next = this.#next[slot]!
    const previous = this.#previous[slot]!
    if (previous === NONE) bucket.head = next
    else this.#next[previous] = next
    if (next !== NONE) this.#previous[next] = previous
    if (bucket.head !== NONE) return
    if (bucket.lower === undefined) this.#lowest = bucket.higher
    else bucket.lower.higher = bucket.higher
    if (bucket.higher === undefined) this.#highest = bucket.lower
    else bucket.higher.lower = bucket.lower
  }

  #newSlot(id: Id): number {
    let slot = this.#freeSlot
    if (slot === NONE) {
      slot = this.#ids.length
      if (slot === this.#next.length) {
        this.#next = grown(this.#next)
        this.#previous = grown(this.#previous)
      }
    } else this.#freeSlot = this.#next[slot]!
    this.#ids[slot] = id
    this.#slotOf.set(id, slot)
    return slot
  }
}

function grown(array: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(array.length * 2)
  larger.set(array)
  return larger
}
