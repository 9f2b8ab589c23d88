/** First in, first out, in constant time: an array's own `shift` moves all that follows. */
export class Queue<T> {
  #items: (T | undefined)[] = []
  #first = 0

  get length(): number {
    return this.#items.length - this.#first
  }

  /** The one that `shift` would take. */
  get first(): T | undefined {
    return this.#items[this.#first]
  }

  push(item: T): void {
    this.#items.push(item)
  }

  /** @returns undefined when it is empty */
  shift(): T | undefined {
    if (this.length === 0) return undefined
    const item = this.#items[this.#first]
    this.#items[this.#first++] = undefined
    if (this.#first >= this.#items.length) {
      this.#items.length = 0
      this.#first = 0
    } else if (this.#first >= COMPACT_FROM && this.#first * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#first)
      this.#first = 0
    }
    return item
  }
}

const COMPACT_FROM = 1024
