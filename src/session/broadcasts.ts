import type { Broadcast } from '../contract/methods.ts'
import { PIECE_BYTES, type StoredPiece, type StoredRange, StoredScope } from '../contract/stored.ts'
import type { Fanout } from '../fanout/fanout.ts'
import type { DataKind } from '../protocol/json-format.ts'
import type { Clock } from '../util/clock.ts'
import type { Hub } from './hub.ts'
import type { Session } from './session.ts'
import { lacks } from './stored-marks.ts'

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

  /** @returns the number of sessions that it is for */
  publish(broadcast: Broadcast): number {
    const { msgid, frame, expiresAt } = broadcast
    const dataKind = broadcast.dataKind as DataKind
    const isKept = this.#kept.some(one => one.msgid === msgid)
    if (expiresAt > this.#clock.wall() && !isKept) this.#kept.push(broadcast)
    let total = 0
    for (const [topic, audience] of this.#audiences) {
      if (!concerns(broadcast, audience)) continue
      // This worker knew it from the disk before it heard of it: whoever is here got it when he signed in.
      if (isKept) total += audience.sessions
      else if (expiresAt > 0) total += this.#fanout.publishStored(topic, frame, dataKind, msgid, expiresAt)
      else total += this.#fanout.publish(topic, frame, 0, frame.length, dataKind)
    }
    return total
  }

  /** One that was pushed while this worker began; nothing newer has come yet. Its sessions get it, unless they had it before. */
  keep(broadcast: Broadcast): void {
    if (this.#kept.some(({ msgid }) => msgid === broadcast.msgid)) return
    this.#kept.push(broadcast)
    for (const session of this.#hub.sessions) if (session.presence.topic !== undefined) this.#give(session, broadcast)
  }

  /** It was refused after all: who comes later does not get it. */
  forget(msgid: number): void {
    this.#kept = this.#kept.filter(one => one.msgid !== msgid)
  }

  /** @returns what a session that has just come online has not had of what is valid; undefined: nothing */
  lackedBy(session: Session): StoredRange | undefined {
    if (this.#kept.length === 0) return undefined
    const now = this.#clock.wall()
    this.#kept = this.#kept.filter(({ expiresAt }) => expiresAt > now)
    const above = session.stored?.upTo(StoredScope.ALL, 0) ?? 0
    const upTo = this.#kept.at(-1)?.msgid ?? 0
    return upTo > above ? { scope: StoredScope.ALL, of: 0, above, upTo } : undefined
  }

  /** @returns the first of them that concern the session, at least one */
  next(session: Session, { above, upTo }: StoredRange): StoredPiece {
    const now = this.#clock.wall()
    const pushes: Broadcast[] = []
    let bytes = 0
    for (const broadcast of this.#kept) {
      const { msgid, expiresAt, frame } = broadcast
      if (msgid <= above || msgid > upTo || expiresAt <= now || !concerns(broadcast, session)) continue
      if (bytes > 0 && bytes + frame.length > PIECE_BYTES) return { pushes, upTo: pushes.at(-1)!.msgid }
      bytes += frame.length
      pushes.push(broadcast)
    }
    return { pushes, upTo }
  }

  #give(session: Session, broadcast: Broadcast): void {
    const { msgid, frame, dataKind, expiresAt } = broadcast
    const mark = { scope: StoredScope.ALL, of: 0, upTo: msgid, endsAt: expiresAt } as const
    if (concerns(broadcast, session) && lacks(session, mark)) this.#hub.send(session, frame, dataKind as DataKind, mark)
  }
}

function concerns({ app, version }: Broadcast, audience: AppVersion): boolean {
  return (app === undefined || app === audience.app) && (version === undefined || version === audience.version)
}

/** A text, so it never equals the numeric key of a room or group. The length keeps app and version apart, whatever they are. */
function topicOf({ app, version }: AppVersion): string {
  return `${app.length} ${app} ${version}`
}
