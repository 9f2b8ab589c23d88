import type { Wakeups } from '#dist/bus/wake.js'

/** The wake words of all seats: whether the worker there sleeps, and whether it was woken since. They outlive a worker. */
export interface WakeWord {
  isAsleep: boolean
  isNotified: boolean
}

/** How a worker sleeps, with the steps of docs/threads.md; a wake-up is heard when the scheduler says so. */
export class ModelWakeups implements Wakeups {
  readonly #words: readonly WakeWord[]
  readonly #self: number
  #onWake: (() => void) | undefined

  constructor(words: readonly WakeWord[], self: number) {
    this.#words = words
    this.#self = self
  }

  wake(worker: number): void {
    const word = this.#words[worker]!
    if (!word.isAsleep) return
    word.isAsleep = false
    word.isNotified = true
  }

  sleep(hasWork: () => boolean, onWake: () => void): boolean {
    this.#word.isAsleep = true
    if (hasWork()) {
      this.awake()
      return false
    }
    if (this.#onWake === undefined) {
      // What was notified before belongs to a wait that is over.
      this.#word.isNotified = false
      this.#onWake = onWake
    }
    return true
  }

  awake(): void {
    this.#word.isAsleep = false
  }

  get isWoken(): boolean {
    return this.#onWake !== undefined && this.#word.isNotified
  }

  runWake(): void {
    const onWake = this.#onWake!
    this.#onWake = undefined
    this.#word.isNotified = false
    onWake()
  }

  get #word(): WakeWord {
    return this.#words[this.#self]!
  }
}
