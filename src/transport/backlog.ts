import { Fate } from '../protocol/fate.ts'
import type { Clock, Timer } from '../util/clock.ts'

/** A burst is not slowness: for so long a client may be behind. */
const BURST_MS = 1000
/** So many times `writerBytesMax` may wait for a client for a moment; more ends it at once. */
export const BURST_FACTOR = 8
/** Who has read down to this part of `writerBytesMax` is slow no longer. */
const CAUGHT_UP_PART = 4
/** Less than this part of it is not worth a look. */
const NOTED_PART = 8

/** How much may wait for a client, and on whose clock. */
export interface Bounds {
  readonly clock: Clock
  readonly writerBytesMax: number
}

/** A socket as its backlog sees it. */
export interface Backlogged {
  /** Bytes that were written and that the system has not taken. */
  readonly bytesWaiting: number
  /** The client is to be closed; called once, in a turn of its own: the caller may be walking over a topic. */
  tooSlow(): void
}

/** Whether so much waits that it needs a backlog. */
export function isWorthNoting(waiting: number, { writerBytesMax }: Bounds): boolean {
  return waiting > writerBytesMax / NOTED_PART
}

/**
 * What waits for a client that does not take everything at once, and what becomes of more: one rule for both transports.
 * More than 8 times `writerBytesMax` ends the client at once. More than `writerBytesMax` after a second makes it slow: what may
 * be dropped is dropped until it has read nearly all. If it is what may not be dropped that waits, the client is closed.
 * What a socket took cannot be taken back, so a write is judged before. Thread: its worker.
 */
export class Backlog {
  readonly #bounds: Bounds
  readonly #socket: Backlogged
  /** As it was after the last write; the client may have read since. */
  #waiting = 0
  /** How much of it could have been dropped, about: what the client reads is taken from both kinds in proportion. */
  #droppable = 0
  #isSlow = false
  #isOver = false
  #judging: Timer | undefined

  constructor(bounds: Bounds, socket: Backlogged) {
    this.#bounds = bounds
    this.#socket = socket
  }

  /** Whether a write has to be judged first: most need not. */
  concerns(byteCount: number): boolean {
    return this.#isSlow || this.#waiting + byteCount > this.#bounds.writerBytesMax * BURST_FACTOR
  }

  /** @returns TAKEN: it may be written */
  judge(byteCount: number, mayDrop: boolean): Fate {
    const { writerBytesMax } = this.#bounds
    const most = writerBytesMax * BURST_FACTOR
    this.#read(this.#socket.bytesWaiting)
    if (this.#waiting <= writerBytesMax / CAUGHT_UP_PART) this.#isSlow = false
    if (mayDrop && (this.#isSlow || this.#waiting + byteCount > most)) return Fate.BEHIND
    if (this.#waiting <= most) return Fate.TAKEN
    this.#tooSlow()
    return Fate.SLOW
  }

  /** @param waiting with what was just written */
  wrote(waiting: number, byteCount: number, mayDrop: boolean): void {
    const { clock, writerBytesMax } = this.#bounds
    this.#read(Math.max(0, waiting - byteCount))
    this.#waiting = waiting
    if (mayDrop) this.#droppable = Math.min(waiting, this.#droppable + byteCount)
    if (waiting > writerBytesMax * BURST_FACTOR) this.#tooSlow()
    else if ((this.#isSlow ? this.#needed : waiting) > writerBytesMax) {
      this.#judging ??= clock.after(BURST_MS, this.#onSecond)
    }
  }

  /** The client has taken everything, or is gone. */
  end(): void {
    this.#bounds.clock.cancel(this.#judging)
    this.#judging = undefined
  }

  get #needed(): number {
    return this.#waiting - this.#droppable
  }

  /** The client has read until only so much waits. */
  #read(waiting: number): void {
    if (waiting >= this.#waiting) return
    this.#droppable *= waiting / this.#waiting
    this.#waiting = waiting
  }

  readonly #onSecond = (): void => {
    const { writerBytesMax } = this.#bounds
    this.#judging = undefined
    this.#read(this.#socket.bytesWaiting)
    if (this.#waiting <= writerBytesMax) return
    if (this.#needed > writerBytesMax) this.#tooSlow()
    else this.#isSlow = true
  }

  #tooSlow(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#bounds.clock.soon(() => this.#socket.tooSlow())
  }
}
