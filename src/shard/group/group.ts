import type { SessionAddress } from '../../contract/methods.ts'
import { type GroupRecord, Role } from '../../store/schema.ts'
import type { Cid, Gid, Sid, Uid, UidOrAll } from '../../util/id.ts'
import { TopicLine } from '../line.ts'

/** A session of a member, online. */
export interface Attached extends SessionAddress {
  readonly uid: Uid
  /** Another connection of its sid, which has not ended yet. */
  next?: Attached | undefined
}

/** Why a user is no longer a member. */
export type Leaving = 'quit' | 'kicked' | 'blacklisted' | 'dismissed'

/**
 * One change of a group: decided by rules, applied to memory and disk, announced to members. `asked`: the session that
 * asked for it and learns of it by its ack.
 */
export type GroupChange =
  | { readonly type: 'created'; readonly owner: Uid; readonly name: string; readonly desc: string }
  | { readonly type: 'joined'; readonly uid: Uid; readonly role: Role }
  | { readonly type: 'left'; readonly uid: Uid; readonly why: Leaving; readonly asked?: Sid | undefined }
  | { readonly type: 'role'; readonly uid: Uid; readonly role: Role }
  | { readonly type: 'blacklist'; readonly uid: Uid; readonly on: boolean }
  | { readonly type: 'gag'; readonly uid: UidOrAll; readonly on: boolean }
  | { readonly type: 'dismissed'; readonly by: Uid }
  | { readonly type: 'opened' }
  | { readonly type: 'cap'; readonly cap: number }

/**
 * The state of one group: what lasts (members, roles, blacklist, gags) and which sessions of members are online. Pure
 * state: no clocks, no threads, no store.
 */
export class Group {
  readonly gid: Gid
  readonly line: TopicLine
  /** Undefined: there is no such group. */
  record: GroupRecord | undefined
  readonly members = new Map<Uid, Role>()
  readonly blacklist = new Set<Uid>()
  readonly gags = new Set<UidOrAll>()
  /** By sid: its connection, and behind that others that have not ended yet. */
  readonly online = new Map<Sid, Attached>()
  /** Members whose sessions do not get what the group says yet: their home did not answer. */
  readonly unattached = new Set<Uid>()
  /** When it was last needed, milliseconds of the clock. */
  usedAt = 0

  constructor(gid: Gid, links: number) {
    this.gid = gid
    this.line = new TopicLine(0, 0, links)
  }

  apply(change: GroupChange): void {
    switch (change.type) {
      case 'created': {
        const { owner, name, desc } = change
        this.record = { owner, name, desc, cap: 0, closed: false }
        return
      }
      case 'joined':
      case 'role':
        this.members.set(change.uid, change.role)
        return
      case 'left':
        this.members.delete(change.uid)
        return
      case 'blacklist':
        if (change.on) this.blacklist.add(change.uid)
        else this.blacklist.delete(change.uid)
        return
      case 'gag':
        if (change.on) this.gags.add(change.uid)
        else this.gags.delete(change.uid)
        return
      case 'dismissed':
        this.record = { ...this.record!, closed: true }
        return
      case 'opened':
        this.record = { ...this.record!, closed: false }
        return
      case 'cap':
        this.record = { ...this.record!, cap: change.cap }
    }
  }

  /** Of a user who is not a member: MEMBER. */
  roleOf(uid: Uid): Role {
    return this.members.get(uid) ?? Role.MEMBER
  }

  mayNotSpeak(uid: Uid): boolean {
    return this.gags.has(0) || this.gags.has(uid)
  }

  /** That very connection, if it is attached. */
  attached(sid: Sid, cid: Cid, worker: number): Attached | undefined {
    let one = this.online.get(sid)
    while (one !== undefined && (one.cid !== cid || one.worker !== worker)) one = one.next
    return one
  }

  /**
   * No connection takes the place of another: what is heard of a newer one may come so late that it is over already, while an
   * older one has signed in since. Each stays until it ends itself. @returns false when it was attached already
   */
  attach(session: Attached): boolean {
    const { sid, cid, worker } = session
    if (this.attached(sid, cid, worker) !== undefined) return false
    this.line.enter(worker)
    session.next = this.online.get(sid)
    this.online.set(sid, session)
    return true
  }

  detach(session: Attached): void {
    const { sid, cid, worker, next } = session
    if (this.attached(sid, cid, worker) !== session) return
    this.line.leave(worker)
    let before = this.online.get(sid)!
    if (before !== session) {
      while (before.next !== session) before = before.next!
      before.next = next
    } else if (next === undefined) this.online.delete(sid)
    else this.online.set(sid, next)
  }

  /** All connections; those that were given out may be detached. */
  *connections(): Generator<Attached> {
    for (const first of this.online.values()) {
      for (let one: Attached | undefined = first; one !== undefined; one = one.next) yield one
    }
  }

  /** All connections of a user. */
  connectionsOf(uid: Uid): Attached[] {
    return [...this.connections()].filter(session => session.uid === uid)
  }
}
