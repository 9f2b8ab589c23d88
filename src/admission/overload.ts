/** What is shed, in this order: a level sheds what those below it do, too. */
export const Shed = { NOTHING: 0, CONNECTIONS: 1, JOINS: 2, MESSAGES: 3 } as const
export type Shed = (typeof Shed)[keyof typeof Shed]

/** How often a worker looks how late it is. */
export const SAMPLE_MS = 100
/** The share of a new value in the smoothed one: up within a few samples, down slowly. */
const RISE = 0.5
const FALL = 0.2
/** So many times the delay of the option, and so full a ring, for each level. */
const DELAYS = [0, 1, 2, 4] as const
const FILLS = [0, 0.5, 0.75, 0.9] as const
/** A level ends when the load has been under half of what begins it for so long; then the next lower one holds for as long. */
const CALM_MS = 2000

/**
 * How overloaded one worker is: by how late its timers run, and how full the rings are that it reads. A level begins with a
 * sample, one level each, and ends late, so that what was shed does not come back at once. State and rule only; the worker
 * samples. Thread: its worker.
 */
export class Overload {
  level: Shed = Shed.NOTHING
  readonly #delayMs: number
  #lateMs = 0
  #fill = 0
  #calmSince = 0

  /** @param delayMs of the option; 0: never overloaded */
  constructor(delayMs: number) {
    this.#delayMs = delayMs
  }

  get isOn(): boolean {
    return this.#delayMs > 0
  }

  /** @param lateMs by which a timer was late @param fill of the fullest ring that this worker reads, 0..1 @param now `Clock.now` */
  sample(lateMs: number, fill: number, now: number): void {
    this.#lateMs = smoothed(this.#lateMs, lateMs)
    this.#fill = smoothed(this.#fill, fill)
    const next = (this.level + 1) as Shed
    if (this.level < Shed.MESSAGES && this.#isOver(next, 1)) {
      this.level = next
      this.#calmSince = now
    } else if (this.level > Shed.NOTHING) this.#settle(now)
  }

  #settle(now: number): void {
    if (this.#isOver(this.level, 0.5)) this.#calmSince = now
    if (now - this.#calmSince < CALM_MS) return
    this.level = (this.level - 1) as Shed
    this.#calmSince = now
  }

  /** @param share of what begins the level */
  #isOver(level: Shed, share: number): boolean {
    return this.#lateMs >= this.#delayMs * DELAYS[level] * share || this.#fill >= FILLS[level] * share
  }
}

function smoothed(before: number, now: number): number {
  return before + (now - before) * (now > before ? RISE : FALL)
}
