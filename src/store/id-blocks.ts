import type { Store } from './store.ts'

/**
 * Numbers that are never handed out twice, available at once: they come from the store in blocks, the next block while half
 * of this one is left. What is left of a block at the end of the process is lost. Rising. Thread: one.
 */
export class IdBlocks {
  readonly #store: Store
  readonly #counter: string
  readonly #blockSize: number
  readonly #first: number
  readonly #onError: (error: unknown) => void
  #next = 0
  #end = 0
  #upcoming: number | undefined
  #isFetching = false

  constructor(store: Store, counter: string, blockSize: number, first: number, onError: (error: unknown) => void) {
    this.#store = store
    this.#counter = counter
    this.#blockSize = blockSize
    this.#first = first
    this.#onError = onError
  }

  /** Takes the first block. */
  async start(): Promise<void> {
    this.#next = await this.#take()
    this.#end = this.#next + this.#blockSize
  }

  /** @returns undefined when the store did not give a new block in time: the gateway is busy. */
  next(): number | undefined {
    if (this.#end - this.#next < this.#blockSize / 2 && this.#upcoming === undefined) this.#fetch()
    if (this.#next === this.#end) {
      if (this.#upcoming === undefined) return undefined
      this.#next = this.#upcoming
      this.#end = this.#next + this.#blockSize
      this.#upcoming = undefined
    }
    return this.#next++
  }

  #fetch(): void {
    if (this.#isFetching) return
    this.#isFetching = true
    this.#take()
      .then(start => {
        this.#upcoming = start
      })
      .catch(this.#onError)
      .finally(() => {
        this.#isFetching = false
      })
  }

  #take(): Promise<number> {
    return this.#store.allocate(this.#counter, this.#blockSize, this.#first)
  }
}
