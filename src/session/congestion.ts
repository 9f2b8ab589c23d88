import type { Bus } from '../bus/bus.ts'
import { type Session, SessionState } from './session.ts'

/**
 * Stops reading from clients while the ring to the home of their messages is congested, and resumes when it has room. This
 * release of uWebSockets.js cannot pause a WebSocket: such a client gets BUSY.
 */
export class Congestion {
  /** Clients paused since the start. */
  paused = 0
  readonly #bus: Bus
  readonly #waiting = new Map<Session, number>()

  constructor(bus: Bus) {
    this.#bus = bus
  }

  /** @returns whether the client could be paused; its current message is still taken, because it has already arrived */
  pause(session: Session, worker: number): boolean {
    if (this.#waiting.has(session)) return true
    if (!session.pause()) return false
    this.paused++
    this.#waiting.set(session, worker)
    return true
  }

  /** Resumes the clients whose ring has room again; call once per turn. */
  relieve(): void {
    for (const [session, worker] of this.#waiting) {
      if (session.state !== SessionState.CLOSED && this.#bus.congested(worker)) continue
      this.#waiting.delete(session)
      session.resume()
    }
  }
}
