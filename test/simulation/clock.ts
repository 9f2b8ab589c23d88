import type { Clock, Timer } from '#dist/util/clock.js'
import type { Random } from '../support/seed.js'

/** Unix milliseconds at the beginning of every run. */
const EPOCH_MS = 1_800_000_000_000
/** So often, of that many looks at a clock, what ran since the last one has taken long. */
const SLOW_OF = 40
const SLOW_MS = 8

/** The time of one run. Nobody sets `now`; the wall clock jumps by `shift`. */
export interface Time {
  now: number
  shift: number
  /** How often `instant` was asked for. */
  instants: number
}

interface Later extends Timer {
  at: number
  readonly order: number
  readonly run: () => void
  /** 0: once. */
  readonly everyMs: number
}

/**
 * The clock of one worker. What is to run later waits here until the scheduler says so: each queue in its own order, as an event
 * loop keeps it; which queue, and of which worker, is for the seed. A clock that is over runs nothing: its worker is lost.
 */
export class ModelClock implements Clock {
  readonly #time: Time
  readonly #random: Random
  readonly #onDefect: (defect: unknown) => void
  readonly #soon: (() => void)[] = []
  /** In the order in which they are due. */
  #timers: Later[] = []
  #order = 0
  #uuids = 0
  isOver = false

  constructor(time: Time, random: Random, onDefect: (defect: unknown) => void) {
    this.#time = time
    this.#random = random
    this.#onDefect = onDefect
  }

  /** Time passes while things run: who measures it finds that some took long. */
  now(): number {
    if (this.#random.below(SLOW_OF) === 0) this.#time.now += this.#random.below(SLOW_MS)
    return this.#time.now
  }

  /** Never the same twice: things come one after the other. */
  instant(): number {
    this.#time.instants++
    return Math.floor(this.#time.now) * 1000 + this.#time.instants / 1_000_000
  }

  wall(): number {
    return Math.floor(EPOCH_MS + this.#time.now + this.#time.shift)
  }

  after(ms: number, run: () => void): Timer {
    return this.#add({ at: this.#time.now + Math.max(1, Math.floor(ms)), order: this.#order++, run, everyMs: 0 })
  }

  every(ms: number, run: () => void): Timer {
    const everyMs = Math.max(1, Math.floor(ms))
    return this.#add({ at: this.#time.now + everyMs, order: this.#order++, run, everyMs })
  }

  cancel(timer: Timer | undefined): void {
    const at = this.#timers.indexOf(timer as Later)
    if (at >= 0) this.#timers.splice(at, 1)
  }

  soon(run: () => void): void {
    if (!this.isOver) this.#soon.push(run)
  }

  next(run: () => void): void {
    queueMicrotask(() => {
      if (!this.isOver) this.#guarded(run)
    })
  }

  random(): number {
    return this.#random.below(2 ** 30) / 2 ** 30
  }

  uuid(): string {
    return `uuid-${++this.#uuids}`
  }

  get hasSoon(): boolean {
    return this.#soon.length > 0
  }

  /** When its first timer is due. */
  get dueAt(): number {
    return this.#timers[0]?.at ?? Number.POSITIVE_INFINITY
  }

  runSoon(): void {
    this.#guarded(this.#soon.shift()!)
  }

  /** Runs the timer that is due first. */
  runTimer(): void {
    const timer = this.#timers.shift()!
    if (timer.everyMs > 0) {
      timer.at = this.#time.now + timer.everyMs
      this.#add(timer)
    }
    this.#guarded(timer.run)
  }

  end(): void {
    this.isOver = true
    this.#soon.length = 0
    this.#timers = []
  }

  #add(timer: Later): Later {
    if (this.isOver) return timer
    let at = this.#timers.length
    while (at > 0 && this.#timers[at - 1]!.at > timer.at) at--
    this.#timers.splice(at, 0, timer)
    return timer
  }

  #guarded(run: () => void): void {
    try {
      run()
    } catch (defect) {
      this.#onDefect(defect)
    }
  }
}
