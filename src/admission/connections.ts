import { readFileSync } from 'node:fs'

/**
 * Counts and limits the client connections of one worker. Running out of open files makes the event loop spin
 * (docs/engine.md, 3), so the limit stays well below that.
 */
export class Connections {
  /** Connections refused since the start. */
  refused = 0
  #open = 0
  readonly #max: number

  constructor(max: number) {
    this.#max = max
  }

  /** Counts a connection, even one that may not stay. @returns whether it may stay */
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
/** The share of the remaining open files that connections may take. */
const FILL = 0.95

/** The limit of one worker. @param connectionsMax for all workers; 0: what the limit of open files allows */
export function connectionShare(connectionsMax: number, workers: number): number {
  const all = connectionsMax > 0 ? connectionsMax : Math.floor((openFilesMax() - OTHER_FILES) * FILL)
  return Math.max(1, Math.floor(all / workers))
}

function openFilesMax(): number {
  const soft = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]
  return soft === undefined || soft === 'unlimited' ? 1_000_000 : Number(soft)
}
