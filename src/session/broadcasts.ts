import type { Broadcast, BroadcastsSeen } from '../contract/methods.ts'
import type { Fanout } from '../fanout/fanout.ts'
import type { DataKind } from '../protocol/json-format.ts'
import type { Clock } from '../util/clock.ts'
import type { Hub } from './hub.ts'
import type { Session } from './session.ts'

interface AppVersion {
  readonly app: string
  readonly version: string
}

/** The sessions of one version of an app at this worker; they are one topic. */
interface Audience extends AppVersion {
  sessions: number
}

/**
 * Pushes to everybody and to apps at this worker: for sessions that are present and, while valid, for those that come.
 * Every signed-in session is in the topic of its app and version; a push goes to all topics that it concerns.
 */
export class Broadcasts {
  /** The highest msgid that went out here. */
  #lastMsgid = 0
  readonly #clock: Clock
  readonly #hub: Hub
  readonly #fanout: Fanout
  readonly #audiences = new Map<string, Audience>()
  #kept: Broadcast[] = []

  constructor(clock: Clock, hub: Hub, fanout: Fanout) {
    this.#clock = clock
    this.#hub = hub
    this.#fanout = fanout
  }

  /** Keeps what was pushed before this worker started, beside what it has heard of since. */
  restore(kept: readonly Broadcast[]): void {
    const heard = this.#kept.filter(({ msgid }) => kept.every(one => one.msgid !== msgid))
    this.#kept = [...kept, ...heard]
    for (const { msgid } of kept) this.#lastMsgid = Math.max(this.#lastMsgid, msgid)
  }

  /** The mark of a session that leaves now: what it has had of the valid pushes. */
  seen(): BroadcastsSeen {
    let endsAt = 0
    for (const { expiresAt } of this.#kept) endsAt = Math.max(endsAt, expiresAt)
    return endsAt > this.#clock.wall() ? { upTo: this.#lastMsgid, endsAt } : { upTo: 0, endsAt: 0 }
  }

  /** The session has signed in: it gets all pushes from now on. */
  join(session: Session): void {
    const topic = topicOf(session)
    const audience = this.#audiences.get(topic)
    if (audience !== undefined) {
      audience.sessions++
      // Many sessions, the same few names: one text for all.
      session.app = audience.app
      session.version = audience.version
    } else this.#audiences.set(topic, { app: session.app, version: session.version, sessions: 1 })
    this.#fanout.join(topic, session.presence, true)
  }

  leave(session: Session): void {
    if (session.presence.topic === undefined) return
    this.#fanout.leave(session.presence)
    const topic = topicOf(session)
    const audience = this.#audiences.get(topic)!
    if (--audience.sessions === 0) this.#audiences.delete(topic)
  }

  /** @returns the number of sessions it was sent to */
  publish(broadcast: Broadcast): number {
    const { msgid, frame, dataKind } = broadcast
    this.#lastMsgid = msgid
    const isKept = this.#kept.some(one => one.msgid === msgid)
    if (broadcast.expiresAt > this.#clock.wall() && !isKept) this.#kept.push(broadcast)
    let total = 0
    for (const [topic, audience] of this.#audiences) {
      if (concerns(broadcast, audience))
        total += this.#fanout.publish(topic, frame, 0, frame.length, dataKind as DataKind)
    }
    return total
  }

  /** It was refused after all: who comes later does not get it. */
  forget(msgid: number): void {
    this.#kept = this.#kept.filter(one => one.msgid !== msgid)
  }

  /** Sends a session that has just come online what is still valid and it has not had. */
  catchUp(session: Session, seenMsgid: number): void {
    if (this.#kept.length === 0) return
    const now = this.#clock.wall()
    this.#kept = this.#kept.filter(({ expiresAt }) => expiresAt > now)
    for (const broadcast of this.#kept) {
      if (broadcast.msgid <= seenMsgid || !concerns(broadcast, session)) continue
      this.#hub.send(session, broadcast.frame, broadcast.dataKind as DataKind)
    }
  }
}

function concerns({ app, version }: Broadcast, audience: AppVersion): boolean {
  return (app === undefined || app === audience.app) && (version === undefined || version === audience.version)
}

/** A text, so it never equals the numeric key of a room or group. The length keeps app and version apart, whatever they are. */
function topicOf({ app, version }: AppVersion): string {
  return `${app.length} ${app} ${version}`
}
