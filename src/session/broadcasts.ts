import type { Fanout } from '../fanout/fanout.ts'
import type { DataKind } from '../protocol/json-format.ts'
import type { Hub } from './hub.ts'
import { type Session, SessionState } from './session.ts'

/** A push to everybody or to an app, as each worker keeps it while it is valid. */
export interface Broadcast {
  readonly msgid: number
  readonly frame: Buffer
  readonly dataKind: DataKind
  /** Unix milliseconds. */
  readonly expiresAt: number
  readonly app?: string | undefined
  readonly version?: string | undefined
}

/** The topic of all signed-in sessions of this worker; owners number theirs from 1. */
export const TOPIC_OF_ALL = 0

/** Pushes to everybody at this worker: to who is there, and, while they are valid, to who comes. */
export class Broadcasts {
  /** The highest msgid that went out here: whoever leaves now has had all up to it. */
  lastMsgid = 0
  readonly #hub: Hub
  readonly #fanout: Fanout
  #kept: Broadcast[] = []

  constructor(hub: Hub, fanout: Fanout) {
    this.#hub = hub
    this.#fanout = fanout
  }

  /** Keeps what was pushed before this worker started. */
  restore(kept: readonly Broadcast[]): void {
    this.#kept = [...kept]
    for (const { msgid } of kept) this.lastMsgid = Math.max(this.lastMsgid, msgid)
  }

  /** Whether a push is still valid: then it matters who has had it. */
  get hasValid(): boolean {
    const now = Date.now()
    return this.#kept.some(({ expiresAt }) => expiresAt > now)
  }

  /** @returns the number of sessions it was sent to */
  publish(broadcast: Broadcast): number {
    this.lastMsgid = broadcast.msgid
    const isKept = this.#kept.some(({ msgid }) => msgid === broadcast.msgid)
    if (broadcast.expiresAt > Date.now() && !isKept) this.#kept.push(broadcast)
    if (broadcast.app === undefined) {
      this.#fanout.publish(TOPIC_OF_ALL, broadcast.frame, 0, broadcast.frame.length, broadcast.dataKind)
      return this.#fanout.get(TOPIC_OF_ALL)?.size ?? 0
    }
    let total = 0
    for (const session of this.#hub.sessions) {
      if (session.state !== SessionState.ONLINE || !concerns(broadcast, session)) continue
      this.#hub.send(session, broadcast.frame, broadcast.dataKind)
      total++
    }
    return total
  }

  /** Sends a session that has just come online what is still valid and it has not had. */
  catchUp(session: Session, seenMsgid: number): void {
    if (this.#kept.length === 0) return
    const now = Date.now()
    this.#kept = this.#kept.filter(({ expiresAt }) => expiresAt > now)
    for (const broadcast of this.#kept) {
      if (broadcast.msgid <= seenMsgid || !concerns(broadcast, session)) continue
      this.#hub.send(session, broadcast.frame, broadcast.dataKind)
    }
  }
}

function concerns({ app, version }: Broadcast, session: Session): boolean {
  return (app === undefined || app === session.app) && (version === undefined || version === session.version)
}
