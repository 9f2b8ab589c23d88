import { randomUUID } from 'node:crypto'

/** What a clock gave for something that is to run later, to cancel it by. */
export type Timer = object

/**
 * Time, chance and what runs later, handed to every part instead of taken from the process: the same parts then run on a
 * clock that a test turns. What runs later runs behind the wall that the clock was made with.
 */
export interface Clock {
  /** Milliseconds of a clock that nobody sets; only differences mean something, and only within one thread. */
  now(): number
  /** Microseconds of a clock that nobody sets, the same one for all threads: which of two things came first. */
  instant(): number
  /** Unix milliseconds. They jump when somebody sets the machine's clock: for what people and other machines read. */
  wall(): number
  after(ms: number, run: () => void): Timer
  every(ms: number, run: () => void): Timer
  /** Cancelling what has run, or nothing, does nothing. */
  cancel(timer: Timer | undefined): void
  /** At the end of this turn of the event loop, once sockets were served. */
  soon(run: () => void): void
  /** As soon as what runs now has returned. */
  next(run: () => void): void
  /** 0 up to, not including, 1. */
  random(): number
  /** An id that nobody has had. */
  uuid(): string
}

/** The clock of the machine. @param onDefect gets what something that ran later has thrown */
export function systemClock(onDefect: (defect: unknown) => void): Clock {
  const guarded = (run: () => void): void => {
    try {
      run()
    } catch (defect) {
      onDefect(defect)
    }
  }
  return {
    now: () => performance.now(),
    instant: () => Number(process.hrtime.bigint() / 1000n),
    wall: () => Date.now(),
    after: (ms, run) => setTimeout(guarded, ms, run),
    every: (ms, run) => setInterval(guarded, ms, run),
    // Both are cancelled by either.
    cancel: timer => clearTimeout(timer as NodeJS.Timeout | undefined),
    soon: run => {
      setImmediate(guarded, run)
    },
    next: run => queueMicrotask(() => guarded(run)),
    random: () => Math.random(),
    uuid: () => randomUUID(),
  }
}
