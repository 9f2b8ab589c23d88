import type { SessionAddress } from '../../contract/methods.ts'
import type { Cid, Sid, Uid } from '../../util/id.ts'
import { SessionLine } from '../line.ts'

/** One change of the users that a user blocks or mutes. */
export interface RelationChange {
  readonly relation: 'block' | 'mute'
  readonly other: Uid
  readonly on: boolean
}

/** A user: his sessions on all workers, and the users that he blocks and mutes. State only. */
export class User {
  readonly uid: Uid
  readonly line: SessionLine
  /** Read when first needed. */
  blocks: Set<Uid> | undefined
  mutes: Set<Uid> | undefined

  constructor(uid: Uid) {
    this.uid = uid
    this.line = new SessionLine(uid, [])
  }

  get sessions(): Iterable<SessionAddress> {
    return this.line.sessions
  }

  get isOnline(): boolean {
    return this.line.size > 0
  }

  sessionOf(sid: Sid): SessionAddress | undefined {
    return this.line.sessions.get(sid)
  }

  /** A session on a new connection, in place of an older one of the same sid. */
  enter(session: SessionAddress): void {
    this.line.sessions.set(session)
  }

  /** @returns whether that very connection was there */
  leave(sid: Sid, cid: Cid, worker: number): boolean {
    const known = this.line.sessions.get(sid)
    if (known?.cid !== cid || known.worker !== worker) return false
    this.line.sessions.delete(sid)
    return true
  }

  workerLost(lost: number): void {
    for (const { sid, worker } of this.line.sessions) if (worker === lost) this.line.sessions.delete(sid)
  }

  apply({ relation, other, on }: RelationChange): void {
    const others = relation === 'block' ? this.blocks : this.mutes
    if (on) others?.add(other)
    else others?.delete(other)
  }
}
