import type { Clock, Timer } from '#dist/util/clock.js'

interface Waiting {
  readonly at: number
  readonly run: () => void
  isCancelled: boolean
}

/** A clock that stands still until the test turns it. */
export class TurnedClock implements Clock {
  #nowMs = 1000
  #waiting: Waiting[] = []

  now(): number {
    return this.#nowMs
  }

  instant(): number {
    return this.#nowMs * 1000
  }

  wall(): number {
    return 1_700_000_000_000 + this.#nowMs
  }

  after(ms: number, run: () => void): Timer {
    const waiting = { at: this.#nowMs + ms, run, isCancelled: false }
    this.#waiting.push(waiting)
    return waiting
  }

  every(ms: number, run: () => void): Timer {
    const waiting = {
      at: this.#nowMs + ms,
      run: () => {
        run()
        if (waiting.isCancelled) return
        waiting.at += ms
        this.#waiting.push(waiting)
      },
      isCancelled: false,
    }
    this.#waiting.push(waiting)
    return waiting
  }

  cancel(timer: Timer | undefined): void {
    if (timer !== undefined) (timer as Waiting).isCancelled = true
  }

  soon(run: () => void): void {
    setImmediate(run)
  }

  next(run: () => void): void {
    queueMicrotask(run)
  }

  random(): number {
    return 0.5
  }

  uuid(): string {
    return '00000000-0000-4000-8000-000000000000'
  }

  /** Time passes without anything being done, as while a handler runs. */
  pass(ms: number): void {
    this.#nowMs += ms
  }

  /** Turns the clock on: what is due runs, in order. */
  turn(ms: number): void {
    const until = this.#nowMs + ms
    for (;;) {
      const due = this.#waiting.filter(({ at, isCancelled }) => at <= until && !isCancelled)
      const next = due.sort((one, other) => one.at - other.at)[0]
      if (next === undefined) break
      this.#waiting = this.#waiting.filter(one => one !== next)
      this.#nowMs = Math.max(this.#nowMs, next.at)
      next.run()
    }
    this.#nowMs = until
  }
}
