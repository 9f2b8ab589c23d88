/**
 * One wake-up word per worker, shared by all rings into it: `sequence` counts wake-ups, `asleep` says that the worker
 * waits and wants to be told. Each on a cache line of its own (docs/threads.md).
 */
const SEQUENCE = 0
const ASLEEP = 16
const WORDS_EACH = 32

export function createWakeWords(workers: number): SharedArrayBuffer {
  return new SharedArrayBuffer(workers * WORDS_EACH * 4)
}

/** The waiting side. Thread: the worker whose word it is. */
export class Sleeper {
  readonly #words: Int32Array
  #waiting = false

  constructor(memory: SharedArrayBuffer, worker: number) {
    this.#words = new Int32Array(memory, worker * WORDS_EACH * 4, WORDS_EACH)
  }

  /**
   * Goes to sleep unless there is something to do. `hasWork` is asked after the worker said that it sleeps: whoever
   * publishes later sees that and wakes it, whoever published earlier is seen by `hasWork`.
   * @param onWake called once, on another tick, for this and every further `sleep` until then
   * @returns false when there is work: the worker stays awake
   */
  sleep(hasWork: () => boolean, onWake: () => void): boolean {
    const sequence = Atomics.load(this.#words, SEQUENCE)
    Atomics.store(this.#words, ASLEEP, 1)
    if (hasWork()) {
      Atomics.store(this.#words, ASLEEP, 0)
      return false
    }
    if (this.#waiting) return true
    const wait = Atomics.waitAsync(this.#words, SEQUENCE, sequence)
    if (!wait.async) {
      Atomics.store(this.#words, ASLEEP, 0)
      return false
    }
    this.#waiting = true
    wait.value.then(() => {
      this.#waiting = false
      onWake()
    })
    return true
  }

  /** Says that the worker is up: nobody needs to wake it. */
  awake(): void {
    Atomics.store(this.#words, ASLEEP, 0)
  }
}

/** The waking side, for any other thread: call after the record was published. */
export function wakeIfAsleep(words: Int32Array, worker: number): void {
  const at = worker * WORDS_EACH
  if (Atomics.load(words, at + ASLEEP) === 0) return
  Atomics.store(words, at + ASLEEP, 0)
  Atomics.add(words, at + SEQUENCE, 1)
  Atomics.notify(words, at + SEQUENCE)
}
