import type { Rid } from '../util/id.ts'
import type { Hub } from './hub.ts'
import type { Session } from './session.ts'

/** The sessions of this worker that subscribed to a notice about their rooms. Thread: its worker. */
export class Watchers {
  readonly #hub: Hub
  readonly #sessions = new Set<Session>()

  constructor(hub: Hub) {
    this.#hub = hub
  }

  update(session: Session): void {
    if (session.watches === 0) this.#sessions.delete(session)
    else this.#sessions.add(session)
  }

  forget(session: Session): void {
    this.#sessions.delete(session)
  }

  /** Sends a notice about a room to the sessions in it that subscribed to this kind. */
  notify(rid: Rid, watch: number, frame: Buffer): void {
    for (const session of this.#sessions) {
      if ((session.watches & watch) !== 0 && session.rooms?.get(rid) !== undefined) this.#hub.send(session, frame)
    }
  }
}
