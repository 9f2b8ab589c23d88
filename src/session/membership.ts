import type { Refused } from '../contract/answer.ts'
import { topicKey } from '../contract/topics.ts'
import { ErrorCode } from '../protocol/error-code.ts'
import type { Gid, Id, Rid } from '../util/id.ts'
import type { SessionContext } from './context.ts'
import { Membership, Memberships } from './memberships.ts'
import { type Session, SessionState } from './session.ts'

/** Which of its memberships a session has; `roomQuit` and `groupDetach` undo them at the home. */
export type Kind = 'rooms' | 'groups'

/** The id of a room or of a group, as the kind says. */
export type IdOf<K extends Kind> = K extends 'rooms' ? Rid : Gid

/**
 * Notes that the home was asked to let the session in. If the session ends before the answer, a message behind the question
 * undoes it: no membership outlives its session.
 */
export function askedFor<K extends Kind>(session: Session, kind: K, id: IdOf<K>): Membership {
  const membership = membershipOf(session, kind, id)
  membership.asked++
  return membership
}

/** The home let the session in. @returns false when it was given up meanwhile: the home hears that behind what it was asked */
export function admitted(
  context: SessionContext,
  session: Session,
  kind: Kind,
  membership: Membership,
  topic: number,
): boolean {
  if (isGivenUp(session, kind, membership)) return false
  membership.asked--
  enter(context, session, kind, membership, topic)
  return true
}

/** The home let the session in, and was not asked to by it. */
export function takenIn<K extends Kind>(
  context: SessionContext,
  session: Session,
  kind: K,
  id: IdOf<K>,
  topic: number,
): void {
  // Its ONLINE was refused meanwhile: the home got that before it let the session in, or gets it now.
  if (session.state === SessionState.NEW) tellLeft(context, session, kind, id)
  else enter(context, session, kind, membershipOf(session, kind, id), topic)
}

function enter(context: SessionContext, session: Session, kind: Kind, membership: Membership, topic: number): void {
  const { id } = membership
  const key = topicKey(context.placement.homeOf(id), topic)
  membership.isIn = true
  if (membership.topic?.key === key) return
  context.fanout.leave(membership)
  // Rooms are for what passes; who misses something of a group would not know what.
  context.fanout.join(key, membership, kind === 'rooms')
  if (kind === 'rooms') context.watchers.entered(session, id as Rid)
}

/**
 * The home refused the session, or did not answer. It may still let it in late, so a message to undo that follows; but who was
 * in stays in: the home knows it, or is just being replaced and hears of it again.
 */
export function notAdmitted(
  context: SessionContext,
  session: Session,
  kind: Kind,
  membership: Membership,
  { refused }: Refused,
): void {
  if (isGivenUp(session, kind, membership)) return
  const isBusy = refused === ErrorCode.BUSY.code
  membership.asked--
  if (membership.topic !== undefined || membership.asked > 0 || (isBusy && membership.isIn)) return
  forget(context, session, kind, membership)
  if (isBusy) tellLeft(context, session, kind, membership.id as Rid | Gid)
}

/** The home says that the session is no longer in it. */
export function left<K extends Kind>(context: SessionContext, session: Session, kind: K, id: IdOf<K>): void {
  const known = membershipsOf(session, kind)?.get(id)
  if (known === undefined) return
  known.isIn = false
  if (known.asked === 0) forget(context, session, kind, known)
  else leaveTopic(context, session, kind, known)
}

/** The session is no longer in it, whatever the home still answers to what it was asked: it hears of it behind that. */
export function giveUp(context: SessionContext, session: Session, kind: Kind, membership: Membership): void {
  forget(context, session, kind, membership)
  tellLeft(context, session, kind, membership.id as Rid | Gid)
}

/** Whether an answer comes too late: the session is over, or has told the home that it leaves. */
export function isGivenUp(session: Session, kind: Kind, membership: Membership): boolean {
  return session.state === SessionState.CLOSED || membershipsOf(session, kind)?.get(membership.id) !== membership
}

function forget(context: SessionContext, session: Session, kind: Kind, membership: Membership): void {
  membership.isIn = false
  leaveTopic(context, session, kind, membership)
  membershipsOf(session, kind)!.delete(membership.id)
}

function leaveTopic({ fanout, watchers }: SessionContext, session: Session, kind: Kind, membership: Membership): void {
  fanout.leave(membership)
  if (kind === 'rooms') watchers.left(session, membership.id as Rid)
}

function membershipOf(session: Session, kind: Kind, id: Id): Membership {
  let all = membershipsOf(session, kind)
  if (all === undefined) {
    all = new Memberships()
    session[kind] = all as Memberships<Id> & Memberships<Rid> & Memberships<Gid>
  }
  let membership = all.get(id)
  if (membership === undefined) {
    membership = new Membership(session, id)
    all.set(membership)
  }
  return membership
}

/** The kind says which ids these are; the code here treats both alike. */
export function membershipsOf(session: Session, kind: Kind): Memberships | undefined {
  return session[kind] as Memberships | undefined
}

function tellLeft({ calls, placement }: SessionContext, { sid, cid }: Session, kind: Kind, id: Rid | Gid): void {
  if (kind === 'rooms') calls.tell(placement.homeOf(id), 'roomQuit', { rid: id as Rid, sid, cid })
  else calls.tell(placement.homeOf(id), 'groupDetach', { gid: id as Gid, sid, cid })
}

/** The session is over: takes it out of its topics, and tells the homes of its rooms, its groups and its user. */
export function leaveEverything(context: SessionContext, session: Session, state: SessionState): void {
  const { uid, sid, cid } = session
  if (state !== SessionState.SIGNING_IN && state !== SessionState.ONLINE) return
  for (const kind of ['rooms', 'groups'] as const) {
    for (const membership of membershipsOf(session, kind) ?? []) {
      context.fanout.leave(membership)
      tellLeft(context, session, kind, membership.id as Rid | Gid)
    }
  }
  if (state === SessionState.ONLINE) {
    context.hub.countOnline(session, -1)
    context.broadcasts.leave(session)
    context.watchers.forget(session)
  }
  context.calls.tell(context.placement.homeOf(uid), 'userOffline', {
    uid,
    sid,
    cid,
    marks: session.stored?.had(session.heard) ?? [],
  })
}
