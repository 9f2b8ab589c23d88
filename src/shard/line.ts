import type { Bus } from '../bus/bus.ts'
import type { SessionAddress } from '../contract/methods.ts'
import { writeDeliver, writeFanout, writeStoredDeliver, writeStoredFanout } from '../contract/records.ts'
import { StoredScope } from '../contract/stored.ts'
import type { Sid, Uid } from '../util/id.ts'
import { SmallMap } from '../util/small-map.ts'

/** The readers of a message: one line, or several lines that get the same one. */
export interface Readers {
  /** Sessions that would get it now. */
  readonly size: number
  /** Whether the ring to one of their workers is congested, so that nothing more should be sent for a while. */
  isCongested(bus: Bus): boolean
  /** The message takes the next position in each line. */
  advance(): void
  /**
   * Sends one frame to all of them; nothing is kept of it.
   * @returns the number of sessions, where only their workers know it; else it is `size`
   */
  deliver(bus: Bus, dataKind: number, frame: Buffer, msgid: number, expiresAt: number): undefined | Promise<number>
  /** The message was refused after it had been delivered: where it is kept for who comes later it is forgotten. */
  refused?(msgid: number): void
}

/** One line: what one reader sees in one place, in one order. Its home alone numbers it. State only. */
export interface Line extends Readers {
  /** Position of the last message: 1, 2, 3. */
  readonly pos: number
  /** The number of the sub-group, in rooms; else 0. */
  readonly subGroup: number
}

/** A line delivered over a topic: a sub-group of a room, or a group. */
export class TopicLine implements Line {
  pos = 0
  size = 0
  /** The home's number for the topic; 0 until it has one. */
  topic: number
  readonly subGroup: number
  /** Sessions at each worker: a frame goes to those workers alone. */
  readonly workers: number[]

  /** @param links how many workers there are links to */
  constructor(topic: number, subGroup: number, links: number) {
    this.topic = topic
    this.subGroup = subGroup
    this.workers = new Array<number>(links).fill(0)
  }

  enter(worker: number): void {
    this.size++
    this.workers[worker]!++
  }

  leave(worker: number): void {
    this.size--
    this.workers[worker]!--
  }

  isCongested(bus: Bus): boolean {
    const { workers } = this
    for (let worker = 0; worker < workers.length; worker++) {
      if (workers[worker]! > 0 && bus.congested(worker)) return true
    }
    return false
  }

  advance(): void {
    this.pos++
  }

  deliver(bus: Bus, dataKind: number, frame: Buffer, msgid = 0, endsAt = 0): undefined {
    const { workers } = this
    for (let worker = 0; worker < workers.length; worker++) {
      if (workers[worker]! === 0) continue
      if (endsAt === 0) writeFanout(bus, worker, this, dataKind, frame)
      else writeStoredFanout(bus, worker, this, { msgid, endsAt }, dataKind, frame)
    }
  }
}

/** A line delivered session by session: the sessions of a user. */
export class SessionLine implements Line {
  pos = 0
  readonly subGroup = 0
  readonly sessions = new SmallMap<Sid, SessionAddress>(sidOf)

  readonly #uid: Uid

  constructor(uid: Uid, sessions: Iterable<SessionAddress>) {
    this.#uid = uid
    for (const session of sessions) this.sessions.set(session)
  }

  get size(): number {
    return this.sessions.size
  }

  isCongested(bus: Bus): boolean {
    for (const { worker } of this.sessions) if (bus.congested(worker)) return true
    return false
  }

  advance(): void {
    this.pos++
  }

  deliver(bus: Bus, dataKind: number, frame: Buffer, msgid = 0, endsAt = 0): undefined {
    const mark = { scope: StoredScope.USER, of: this.#uid, upTo: msgid, endsAt }
    for (const session of this.sessions) {
      if (endsAt === 0) writeDeliver(bus, session.worker, session.cid, dataKind, frame)
      else writeStoredDeliver(bus, session, mark, dataKind, frame)
    }
  }
}

function sidOf({ sid }: SessionAddress): Sid {
  return sid
}
