import type { Refused } from '../bus/calls.ts'
import { ErrorCode } from '../protocol/error-code.ts'
import type { Id } from '../util/id.ts'
import type { Gate } from './gate.ts'
import { Membership, Memberships } from './memberships.ts'
import { type Session, SessionState } from './session.ts'

/** There are no more workers than this. */
const WORKERS_MAX = 256

/** The key of a topic at any worker: that one's number for it (from 1, used up never), and which worker owns it. */
export function topicKey(owner: number, topic: number): number {
  return topic * WORKERS_MAX + owner
}

/** Which of its memberships a session has; `roomQuit` and `groupDetach` undo them at the owner. */
export type Kind = 'rooms' | 'groups'

/**
 * Notes that the owner is asked to let the session in. Should the session end before the answer, the owner is told behind
 * the question: nobody stays behind.
 */
export function askedFor(session: Session, kind: Kind, id: Id): void {
  membershipOf(session, kind, id).asked++
}

/** The owner let the session in. */
export function admitted(gate: Gate, session: Session, kind: Kind, id: Id, topic: number): void {
  if (session.state === SessionState.CLOSED) return
  if (session.state === SessionState.NEW) {
    // Its ONLINE was refused meanwhile: the owner has heard that before it let the session in, or hears it now.
    const known = session[kind]?.get(id)
    if (known !== undefined) answered(known)
    left(gate, session, kind, id)
    tellLeft(gate, session, kind, id)
    return
  }
  const key = topicKey(gate.placement.ownerOf(id), topic)
  const membership = membershipOf(session, kind, id)
  answered(membership)
  if (membership.topic?.key === key) return
  gate.fanout.leave(membership)
  gate.fanout.join(key, membership)
}

/** The owner did not let the session in, or did not answer: it may do so late, and is told to undo it. */
export function notAdmitted(gate: Gate, session: Session, kind: Kind, id: Id, { refused }: Refused): void {
  const known = session[kind]?.get(id)
  if (known === undefined) return
  answered(known)
  if (known.topic !== undefined || known.asked > 0) return
  session[kind]!.delete(known)
  if (refused === ErrorCode.BUSY.code) tellLeft(gate, session, kind, id)
}

/** The session is not in it any more, by word of the owner. */
export function left(gate: Gate, session: Session, kind: Kind, id: Id): void {
  const known = session[kind]?.get(id)
  if (known === undefined) return
  gate.fanout.leave(known)
  if (known.asked === 0) session[kind]!.delete(known)
}

function membershipOf(session: Session, kind: Kind, id: Id): Membership {
  session[kind] ??= new Memberships()
  let membership = session[kind].get(id)
  if (membership === undefined) {
    membership = new Membership(session, id)
    session[kind].add(membership)
  }
  return membership
}

function answered(membership: Membership): void {
  membership.asked = Math.max(0, membership.asked - 1)
}

function tellLeft({ calls, placement }: Gate, { sid, cid }: Session, kind: Kind, id: Id): void {
  if (kind === 'rooms') calls.tell(placement.ownerOf(id), 'roomQuit', { rid: id, sid, cid })
  else calls.tell(placement.ownerOf(id), 'groupDetach', { gid: id, sid, cid })
}

/** The session is over: no topic knows it any more, and neither do the owners of what it was in. */
export function leaveEverything(gate: Gate, session: Session, state: SessionState): void {
  const { uid, sid, cid } = session
  if (state !== SessionState.SIGNING_IN && state !== SessionState.ONLINE) return
  for (const kind of ['rooms', 'groups'] as const) {
    for (const membership of session[kind] ?? []) {
      gate.fanout.leave(membership)
      tellLeft(gate, session, kind, membership.id)
    }
  }
  if (state === SessionState.ONLINE) {
    gate.hub.countOnline(session, -1)
    gate.broadcasts.leave(session)
    gate.watchers.forget(session)
  }
  // A session that was only signing in has had nothing.
  const broadcastsSeen = state === SessionState.ONLINE ? gate.broadcasts.lastMsgid : 0
  gate.calls.tell(gate.placement.ownerOf(uid), 'userOffline', { uid, sid, cid, broadcastsSeen })
}
