/** From so many on a map finds faster than a walk. */
const MAP_FROM = 16

/**
 * A map that most often has one or two entries: an array then, exactly as long as it has to be, since an array that grows by
 * itself takes room for 17 and a map more. Each entry has its key. May be changed while it is walked over.
 */
export class SmallMap<K, V> {
  readonly #keyOf: (value: V) => K
  #all: readonly V[] | Map<K, V> = []

  /** @param keyOf one function for many maps: each map keeps it */
  constructor(keyOf: (value: V) => K) {
    this.#keyOf = keyOf
  }

  get size(): number {
    return this.#all instanceof Map ? this.#all.size : this.#all.length
  }

  get(key: K): V | undefined {
    if (this.#all instanceof Map) return this.#all.get(key)
    for (const value of this.#all) if (this.#keyOf(value) === key) return value
    return undefined
  }

  /** In place of the entry of the same key, if there is one: it is the last one then. */
  set(value: V): void {
    const key = this.#keyOf(value)
    if (!(this.#all instanceof Map)) {
      const others = this.#all.filter(one => this.#keyOf(one) !== key)
      if (others.length < MAP_FROM) {
        this.#all = others.concat([value])
        return
      }
      this.#all = new Map(others.map(one => [this.#keyOf(one), one]))
    }
    this.#all.delete(key)
    this.#all.set(key, value)
  }

  delete(key: K): void {
    if (this.#all instanceof Map) this.#all.delete(key)
    else this.#all = this.#all.filter(one => this.#keyOf(one) !== key)
  }

  [Symbol.iterator](): Iterator<V> {
    return this.#all.values()
  }
}
