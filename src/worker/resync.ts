import { isRefused } from '../bus/calls.ts'
import type { Gate } from '../session/gate.ts'
import { joinGroupTopic, joinRoomTopic, leaveGroupTopic, leaveRoomTopic } from '../session/membership.ts'
import { type Session, SessionState } from '../session/session.ts'

/**
 * A worker was replaced: what it owned starts empty. Tells the new one which of our sessions are users, members of rooms
 * and of groups that it owns, so that they are reached again. Clients notice nothing but a pause.
 */
export function resyncWith(gate: Gate, worker: number): void {
  for (const session of gate.hub.sessions) {
    if (session.state === SessionState.ONLINE || session.state === SessionState.SIGNING_IN)
      resync(gate, session, worker)
  }
}

function resync(gate: Gate, session: Session, worker: number): void {
  const { calls, placement } = gate
  const { uid, sid, cid, app, version } = session
  if (placement.ownerOf(uid) === worker) calls.tell(worker, 'userOnline', { uid, sid, cid, app, version, isBack: true })
  for (const rid of [...(session.rooms?.keys() ?? [])]) {
    if (placement.ownerOf(rid) !== worker) continue
    // Its numbers of topics begin anew: the old ones must not be mistaken for them.
    leaveRoomTopic(gate, session, rid)
    session.rooms!.set(rid, { topic: undefined })
    const args = { rid, uid, sid, cid, listener: session.connection.listener, isBack: true } as const
    calls.request(worker, 'roomJoin', args, answer => {
      if (isRefused(answer)) session.rooms?.delete(rid)
      else joinRoomTopic(gate, session, rid, answer.topic)
    })
  }
  for (const gid of [...(session.groups?.keys() ?? [])]) {
    if (placement.ownerOf(gid) !== worker) continue
    leaveGroupTopic(gate, session, gid)
    calls.request(worker, 'groupAttach', { gid, uid, sid, cid, isBack: true }, answer => {
      if (!isRefused(answer)) joinGroupTopic(gate, session, gid, answer.topic)
    })
  }
}
