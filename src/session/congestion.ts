import type { Bus } from '../bus/bus.ts'
import { type Session, SessionState } from './session.ts'

/**
 * Stops reading from clients whose messages cannot be passed on because the ring to the home is full, and reads on when
 * it has room. A WebSocket cannot be paused in this release of uWebSockets.js: such a client is told that we are busy.
 */
export class Congestion {
  /** Clients paused since the start. */
  paused = 0
  readonly #bus: Bus
  readonly #waiting = new Map<Session, number>()

  constructor(bus: Bus) {
    this.#bus = bus
  }

  /** @returns whether the client could be paused: its message is then still taken, for it is here already */
  pause(session: Session, worker: number): boolean {
    if (this.#waiting.has(session)) return true
    if (!session.pause()) return false
    this.paused++
    this.#waiting.set(session, worker)
    return true
  }

  /** Reads on from those who waited for rings that have room again; call once per turn. */
  relieve(): void {
    for (const [session, worker] of this.#waiting) {
      if (session.state !== SessionState.CLOSED && this.#bus.congested(worker)) continue
      this.#waiting.delete(session)
      session.resume()
    }
  }
}
