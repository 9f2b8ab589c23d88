import type { SessionAddress } from '../contract/methods.ts'
import { type GroupRecord, Role } from '../store/schema.ts'
import type { Id } from '../util/id.ts'

/** A session of a member, online. */
export interface Attached extends SessionAddress {
  readonly uid: Id
}

/**
 * The state of one group: what lasts (members, roles, blacklist, gags) and which sessions of members are online. Pure
 * state: no clocks, no threads, no store.
 */
export class Group {
  readonly gid: Id
  /** The owner's number for the topic of the group; 0 until the group is kept. */
  topic = 0
  /** Undefined: there is no such group. */
  record: GroupRecord | undefined
  readonly members = new Map<Id, Role>()
  readonly blacklist = new Set<Id>()
  /** Uids; 0: everybody. */
  readonly gags = new Set<Id>()
  /** By sid. */
  readonly online = new Map<Id, Attached>()
  /** Sessions at each worker: a frame goes to those alone. */
  readonly workers: number[]

  constructor(gid: Id, workers: number) {
    this.gid = gid
    this.workers = new Array<number>(workers).fill(0)
  }

  /** 0 for one who is not a member, or a plain one. */
  roleOf(uid: Id): Role {
    return this.members.get(uid) ?? Role.MEMBER
  }

  mayNotSpeak(uid: Id): boolean {
    return this.gags.has(0) || this.gags.has(uid)
  }

  /** @returns false when that very connection was attached before */
  attach(session: Attached): boolean {
    const known = this.online.get(session.sid)
    if (known?.cid === session.cid && known.worker === session.worker) return false
    if (known !== undefined) this.workers[known.worker]!--
    this.workers[session.worker]!++
    this.online.set(session.sid, session)
    return true
  }

  detach(session: Attached): void {
    if (this.online.get(session.sid) !== session) return
    this.online.delete(session.sid)
    this.workers[session.worker]!--
  }

  sessionsOf(uid: Id): Attached[] {
    return [...this.online.values()].filter(session => session.uid === uid)
  }
}
