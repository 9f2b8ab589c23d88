/** Items are due to a second. */
const STEP_MS = 1000

/**
 * Items by the time at which they are due: to add, to take out and to find what is due costs the same however many there are.
 * They are due up to a second late, never early. State only.
 */
export class DueList<T> {
  readonly #steps = new Map<number, Set<T>>()
  /** The steps there are, as a binary heap: the first is the earliest. */
  readonly #heap: number[] = []

  add(item: T, at: number): void {
    const step = stepOf(at)
    let items = this.#steps.get(step)
    if (items === undefined) {
      items = new Set()
      this.#steps.set(step, items)
      this.#rise(step)
    }
    items.add(item)
  }

  /** @param at as it was added */
  remove(item: T, at: number): void {
    this.#steps.get(stepOf(at))?.delete(item)
  }

  /** Takes one item that is due out. */
  take(now: number): T | undefined {
    let first = this.#heap[0]
    while (first !== undefined && first * STEP_MS <= now) {
      const items = this.#steps.get(first)!
      for (const item of items) {
        items.delete(item)
        return item
      }
      this.#steps.delete(first)
      this.#sink()
      first = this.#heap[0]
    }
    return undefined
  }

  #rise(step: number): void {
    const heap = this.#heap
    let at = heap.length
    heap.push(step)
    while (at > 0) {
      const above = (at - 1) >> 1
      if (heap[above]! <= step) break
      heap[at] = heap[above]!
      at = above
    }
    heap[at] = step
  }

  /** Takes the first one out. */
  #sink(): void {
    const heap = this.#heap
    const last = heap.pop()!
    if (heap.length === 0) return
    let at = 0
    for (let below = 1; below < heap.length; below = 2 * at + 1) {
      if (below + 1 < heap.length && heap[below + 1]! < heap[below]!) below++
      if (heap[below]! >= last) break
      heap[at] = heap[below]!
      at = below
    }
    heap[at] = last
  }
}

function stepOf(at: number): number {
  return Math.ceil(at / STEP_MS)
}
