import type { Id } from '../util/id.ts'
import { TOPIC_OF_ALL } from './broadcasts.ts'
import type { Gate } from './gate.ts'
import { type Membership, type Session, SessionState } from './session.ts'

/** The key of a topic at any worker: which worker owns it, and that one's number for it (1..2^32-1). */
export function topicKey(owner: number, topic: number): number {
  return owner * 0x1_0000_0000 + topic
}

export function joinGroupTopic(gate: Gate, session: Session, gid: Id, topic: number): void {
  if (session.state === SessionState.CLOSED) return
  session.groups ??= new Map()
  join(gate, session, session.groups, gid, topic)
}

export function leaveGroupTopic(gate: Gate, session: Session, gid: Id): void {
  leave(gate, session, session.groups, gid)
}

export function joinRoomTopic(gate: Gate, session: Session, rid: Id, topic: number): void {
  if (session.state === SessionState.CLOSED) return
  session.rooms ??= new Map()
  join(gate, session, session.rooms, rid, topic)
}

export function leaveRoomTopic(gate: Gate, session: Session, rid: Id): void {
  leave(gate, session, session.rooms, rid)
}

/** The session is over: no topic knows it any more, and neither do the owners of what it was in. */
export function leaveEverything(gate: Gate, session: Session, state: SessionState): void {
  const { uid, sid, cid } = session
  if (state !== SessionState.SIGNING_IN && state !== SessionState.ONLINE) return
  const { calls, placement } = gate
  for (const [rid, { topic }] of session.rooms ?? []) {
    if (topic !== undefined) gate.fanout.leave(topic, session)
    calls.tell(placement.ownerOf(rid), 'roomQuit', { rid, sid, cid })
  }
  for (const [gid, { topic }] of session.groups ?? []) {
    if (topic !== undefined) gate.fanout.leave(topic, session)
    calls.tell(placement.ownerOf(gid), 'groupDetach', { gid, sid, cid })
  }
  if (state === SessionState.ONLINE) {
    gate.hub.countOnline(session, -1)
    const all = gate.fanout.get(TOPIC_OF_ALL)
    if (all !== undefined) gate.fanout.leave(all, session)
    gate.watchers.forget(session)
  }
  const broadcastsSeen = gate.broadcasts.lastMsgid
  calls.tell(placement.ownerOf(uid), 'userOffline', { uid, sid, cid, broadcastsSeen })
}

function join(gate: Gate, session: Session, memberships: Map<Id, Membership>, id: Id, topic: number): void {
  const key = topicKey(gate.placement.ownerOf(id), topic)
  const known = memberships.get(id)
  if (known?.topic?.key === key) return
  if (known?.topic !== undefined) gate.fanout.leave(known.topic, session)
  memberships.set(id, { topic: gate.fanout.join(key, session) })
}

function leave(gate: Gate, session: Session, memberships: Map<Id, Membership> | undefined, id: Id): void {
  const known = memberships?.get(id)
  if (known === undefined) return
  if (known.topic !== undefined) gate.fanout.leave(known.topic, session)
  memberships!.delete(id)
}
