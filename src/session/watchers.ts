import type { Rid } from '../util/id.ts'
import type { Hub } from './hub.ts'
import type { Session } from './session.ts'

/**
 * The sessions of this worker that subscribed to a notice about their rooms, by room: what a notice costs does not grow with
 * those in other rooms. Thread: its worker.
 */
export class Watchers {
  readonly #hub: Hub
  readonly #byRoom = new Map<Rid, Set<Session>>()

  constructor(hub: Hub) {
    this.#hub = hub
  }

  /** The session subscribed or unsubscribed. @param before what it had subscribed to until now */
  update(session: Session, before: number): void {
    if ((before === 0) === (session.watches === 0)) return
    for (const { id, topic } of session.rooms ?? []) {
      if (session.watches === 0) this.#remove(session, id)
      else if (topic !== undefined) this.#add(session, id)
    }
  }

  entered(session: Session, rid: Rid): void {
    if (session.watches !== 0) this.#add(session, rid)
  }

  left(session: Session, rid: Rid): void {
    if (session.watches !== 0) this.#remove(session, rid)
  }

  /** The session is over. */
  forget(session: Session): void {
    if (session.watches === 0) return
    for (const { id } of session.rooms ?? []) this.#remove(session, id)
  }

  /** Sends a notice about a room to the sessions in it that subscribed to this kind. */
  notify(rid: Rid, watch: number, frame: Buffer): void {
    for (const session of this.#byRoom.get(rid) ?? []) {
      if ((session.watches & watch) !== 0) this.#hub.send(session, frame)
    }
  }

  #add(session: Session, rid: Rid): void {
    const sessions = this.#byRoom.get(rid)
    if (sessions === undefined) this.#byRoom.set(rid, new Set([session]))
    else sessions.add(session)
  }

  #remove(session: Session, rid: Rid): void {
    const sessions = this.#byRoom.get(rid)
    sessions?.delete(session)
    if (sessions?.size === 0) this.#byRoom.delete(rid)
  }
}
