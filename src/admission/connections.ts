import { readFileSync } from 'node:fs'

/**
 * How many client connections there are at one worker, and may be. Too many open files would make the event loop spin
 * (docs/engine.md, 3), so their number stays well below that limit.
 */
export class Connections {
  /** Since the start. */
  refused = 0
  #open = 0
  readonly #max: number

  constructor(max: number) {
    this.#max = max
  }

  /** Counts one in, whether it may stay or not. @returns whether it may */
  enter(isWanted: boolean): boolean {
    this.#open++
    if (isWanted && this.#open <= this.#max) return true
    this.refused++
    return false
  }

  leave(): void {
    this.#open--
  }
}

/** Open files that are not connections of clients: the store, rings, log. */
const OTHER_FILES = 256
/** The share of the rest that connections may take. */
const FILL = 0.95

/** The share of one worker. @param connectionsMax in all; 0: what the limit of open files leaves */
export function connectionShare(connectionsMax: number, workers: number): number {
  const all = connectionsMax > 0 ? connectionsMax : Math.floor((openFilesMax() - OTHER_FILES) * FILL)
  return Math.max(1, Math.floor(all / workers))
}

function openFilesMax(): number {
  const soft = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]
  return soft === undefined || soft === 'unlimited' ? 1_000_000 : Number(soft)
}
