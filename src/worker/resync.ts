import { type Answer, isRefused } from '../bus/calls.ts'
import { ErrorCode } from '../protocol/error-code.ts'
import type { Gate } from '../session/gate.ts'
import { admitted, askedFor, notAdmitted } from '../session/membership.ts'
import { type Session, SessionState } from '../session/session.ts'
import type { Id } from '../util/id.ts'

/** An owner that does not answer is asked again after this. */
const AGAIN_MS = 250

/** A worker ended. Its numbers of topics are worth nothing now: the next one's must not be mistaken for them. */
export function forgetTopicsOf(gate: Gate, worker: number): void {
  for (const session of gate.hub.sessions) {
    for (const kind of ['rooms', 'groups'] as const) {
      for (const membership of session[kind] ?? []) {
        if (gate.placement.ownerOf(membership.id) === worker) gate.fanout.leave(membership)
      }
    }
  }
}

/**
 * A worker was replaced: what it owned starts empty. Tells the new one which of our sessions are users, members of rooms
 * and of groups that it owns, so that they are reached again. Clients notice nothing but a pause.
 */
export function resyncWith(gate: Gate, worker: number): void {
  const { calls, placement } = gate
  for (const session of gate.hub.sessions) {
    if (session.state !== SessionState.ONLINE && session.state !== SessionState.SIGNING_IN) continue
    const { uid, sid, cid, app, version } = session
    if (placement.ownerOf(uid) === worker) {
      calls.tell(worker, 'userOnline', { uid, sid, cid, app, version, isBack: true })
    }
    for (const kind of ['rooms', 'groups'] as const) {
      for (const { id } of session[kind] ?? []) {
        if (placement.ownerOf(id) === worker) comeBack(gate, session, kind, id)
      }
    }
  }
}

function comeBack(gate: Gate, session: Session, kind: 'rooms' | 'groups', id: Id): void {
  const { calls, placement } = gate
  const { uid, sid, cid } = session
  const owner = placement.ownerOf(id)
  const onAnswer = (answer: Answer<{ topic: number }>) => {
    if (!isRefused(answer)) admitted(gate, session, kind, id, answer.topic)
    else if (answer.refused === ErrorCode.BUSY.code) setTimeout(again, AGAIN_MS)
    else notAdmitted(gate, session, kind, id, answer)
  }
  const again = () => {
    const membership = session[kind]?.get(id)
    if (session.state === SessionState.CLOSED || membership === undefined || membership.topic !== undefined) return
    membership.asked = 0
    comeBack(gate, session, kind, id)
  }
  askedFor(session, kind, id)
  if (kind === 'groups') calls.request(owner, 'groupAttach', { gid: id, uid, sid, cid, isBack: true }, onAnswer)
  else {
    const args = { rid: id, uid, sid, cid, listener: session.connection.listener, isBack: true } as const
    calls.request(owner, 'roomJoin', args, onAnswer)
  }
}
