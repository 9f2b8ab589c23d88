import { type Refused, refused } from '../contract/answer.ts'
import type { Overload, Shed } from './overload.ts'

/** What this worker knows of the others. */
interface Others {
  /** The level of another worker, as it said last. */
  levelOf(worker: number): number
  /** How much waits here for another worker whose ring is full: rings full of it. */
  backlogOf(worker: number): number
}

/** A worker that is stuck says nothing: so many rings full of what waits for it tell its level instead. */
const BACKLOG_OF_LEVEL = 0.25

/** Refuses what is to be shed while this worker, or the one that would have the work of it, is overloaded. */
export class Shedding {
  readonly #overload: Overload
  readonly #others: Others
  readonly #shed: (what: Shed) => void

  /** @param shed counts */
  constructor(overload: Overload, others: Others, shed: (what: Shed) => void) {
    this.#overload = overload
    this.#others = others
    this.#shed = shed
  }

  /** @param home the worker that would have to carry it out, if there is one @returns why it is refused now */
  refuses(what: Shed, home?: number): Refused | undefined {
    if (!this.#overload.isOn) return undefined
    if (this.#overload.level < what && (home === undefined || !this.#isOver(what, home))) return undefined
    this.#shed(what)
    return refused('BUSY', 'busy: overloaded, try again later')
  }

  #isOver(what: Shed, home: number): boolean {
    return this.#others.levelOf(home) >= what || this.#others.backlogOf(home) >= what * BACKLOG_OF_LEVEL
  }
}
