import type { SessionAddress } from '../../contract/methods.ts'
import { type GroupRecord, Role } from '../../store/schema.ts'
import type { Gid, Sid, Uid, UidOrAll } from '../../util/id.ts'
import { TopicLine } from '../line.ts'

/** A session of a member, online. */
export interface Attached extends SessionAddress {
  readonly uid: Uid
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

  /** @returns the session's connection before this one, which stays if it is the newer one; undefined: it was not attached */
  attach(session: Attached): Attached | undefined {
    const known = this.online.get(session.sid)
    const isSame = known?.cid === session.cid && known.worker === session.worker
    if (known !== undefined && (isSame || known.at > session.at)) return known
    if (known !== undefined) this.line.leave(known.worker)
    this.line.enter(session.worker)
    this.online.set(session.sid, session)
    return known
  }

  detach(session: Attached): void {
    if (this.online.get(session.sid) !== session) return
    this.online.delete(session.sid)
    this.line.leave(session.worker)
  }

  sessionsOf(uid: Uid): Attached[] {
    return [...this.online.values()].filter(session => session.uid === uid)
  }
}
