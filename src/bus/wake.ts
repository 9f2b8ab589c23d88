/**
 * Two words per worker, shared by all rings into it: `sequence` counts wake-ups, `asleep` says that the worker sleeps and
 * wants to be woken. Each is on a cache line of its own (docs/threads.md).
 */
const SEQUENCE = 0
const ASLEEP = 16
const WORDS_EACH = 32

export function createWakeWords(workers: number): SharedArrayBuffer {
  return new SharedArrayBuffer(workers * WORDS_EACH * 4)
}

/** How one worker sleeps and wakes the others. */
export interface Wakeups {
  /** Wakes another worker if it sleeps; call after the record was published. */
  wake(worker: number): void
  /**
   * Goes to sleep unless there is work. `hasWork` runs after the worker has announced its sleep: a producer that publishes
   * later sees the announcement and wakes it; a record published earlier is seen by `hasWork`.
   * @param onWake called once, on another tick, for this and every further `sleep` until then
   * @returns false when there is work: the worker stays awake
   */
  sleep(hasWork: () => boolean, onWake: () => void): boolean
  /** Announces that this worker is up and needs no wake-up. */
  awake(): void
}

/** Over words in shared memory. Thread: the worker whose wake-ups they are. */
export class SharedWakeups implements Wakeups {
  readonly #words: Int32Array
  readonly #at: number
  #isWaiting = false

  constructor(memory: SharedArrayBuffer, self: number) {
    this.#words = new Int32Array(memory)
    this.#at = self * WORDS_EACH
  }

  wake(worker: number): void {
    const words = this.#words
    const at = worker * WORDS_EACH
    if (Atomics.load(words, at + ASLEEP) === 0) return
    Atomics.store(words, at + ASLEEP, 0)
    Atomics.add(words, at + SEQUENCE, 1)
    Atomics.notify(words, at + SEQUENCE)
  }

  sleep(hasWork: () => boolean, onWake: () => void): boolean {
    const words = this.#words
    const sequence = Atomics.load(words, this.#at + SEQUENCE)
    Atomics.store(words, this.#at + ASLEEP, 1)
    if (hasWork()) {
      this.awake()
      return false
    }
    if (this.#isWaiting) return true
    const wait = Atomics.waitAsync(words, this.#at + SEQUENCE, sequence)
    if (!wait.async) {
      this.awake()
      return false
    }
    this.#isWaiting = true
    wait.value.then(() => {
      this.#isWaiting = false
      onWake()
    })
    return true
  }

  awake(): void {
    Atomics.store(this.#words, this.#at + ASLEEP, 0)
  }
}
