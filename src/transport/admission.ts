import { readFileSync } from 'node:fs'

/**
 * The one place where a client connection is let in, HTTP ones among them. Too many open files would make the event loop
 * spin (docs/engine.md, 3), so the number of connections stays well below that limit. Thread: its worker only; each has its
 * share.
 */
export class Admission {
  connections = 0
  refused = 0
  /** From the signal to stop on nobody is let in. */
  isClosed = false
  readonly #connectionsMax: number

  constructor(connectionsMax: number) {
    this.#connectionsMax = connectionsMax
  }

  /** Counts a connection that was accepted; each is counted out with `leave`. @returns whether it may stay */
  enter(): boolean {
    this.connections++
    if (!this.isClosed && this.connections <= this.#connectionsMax) return true
    this.refused++
    return false
  }

  leave(): void {
    this.connections--
  }
}

/** The share of one worker. @param connectionsMax in all; 0: what the limit of open files leaves */
export function connectionShare(connectionsMax: number, workers: number): number {
  const all = connectionsMax > 0 ? connectionsMax : Math.floor((openFilesMax() - 256) * 0.95)
  return Math.max(1, Math.floor(all / workers))
}

function openFilesMax(): number {
  const soft = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]
  return soft === undefined || soft === 'unlimited' ? 1_000_000 : Number(soft)
}
