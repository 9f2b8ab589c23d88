import { isRefused, type Refused } from '../../bus/calls.ts'
import { Command } from '../../protocol/command.ts'
import { Disconnect } from '../../protocol/disconnect.ts'
import { encodeFrame } from '../../protocol/encode.ts'
import { ErrorCode } from '../../protocol/error-code.ts'
import type { BodyOf } from '../../protocol/requests.ts'
import { idAt, key } from '../../store/table.ts'
import { ack, type Gate, refuse } from '../gate.ts'
import { admitted, askedFor, left, notAdmitted } from '../membership.ts'
import { type Session, SessionState, Watch } from '../session.ts'

type Online = BodyOf<typeof Command.ONLINE>

/** Signs a device in: its token, the owner of its user, its groups, and then the ack before anything else. */
export function handleOnline(gate: Gate, session: Session, body: Online, seq: number): void {
  const { uid, sid, token, app = '', version = '' } = body
  const fields = { uid, sid }
  if (session.state !== SessionState.NEW) {
    refuse(gate, session, Command.ONLINE, seq, { refused: ErrorCode.ONLINE_REFUSED.code }, fields)
    return
  }
  const verdict = gate.tokens.verify(token, uid, sid, Math.floor(Date.now() / 1000))
  if (verdict !== 'good') {
    refuse(gate, session, Command.ONLINE, seq, { refused: ErrorCode.BAD_TOKEN.code }, fields)
    gate.hub.kick(session, verdict === 'expired' ? Disconnect.EXPIRED_TOKEN : Disconnect.BAD_TOKEN)
    return
  }
  session.state = SessionState.SIGNING_IN
  Object.assign(session, { uid, sid, app, version })
  const args = { uid, sid, cid: session.cid, app, version }
  gate.calls.request(gate.placement.ownerOf(uid), 'userOnline', args, answer => {
    if (session.state !== SessionState.SIGNING_IN) return
    if (isRefused(answer)) notOnline(gate, session, seq, answer)
    else attachGroups(gate, session, seq, () => complete(gate, session, seq, answer.broadcastsSeen))
  })
}

/** The session is as if ONLINE had not been said, at the owners too: one that was only late is told to undo it. */
function notOnline(gate: Gate, session: Session, seq: number, refusal: Refused): void {
  const { uid, sid, cid } = session
  for (const { id: gid } of session.groups ?? []) {
    left(gate, session, 'groups', gid)
    gate.calls.tell(gate.placement.ownerOf(gid), 'groupDetach', { gid, sid, cid })
  }
  gate.calls.tell(gate.placement.ownerOf(uid), 'userOffline', { uid, sid, cid, broadcastsSeen: 0 })
  session.state = SessionState.NEW
  refuse(gate, session, Command.ONLINE, seq, refusal, { uid, sid })
  for (const sayAgain of session.takePostponed()) sayAgain()
}

/** The session gets what the groups of its user say, before its ONLINE is acknowledged. */
function attachGroups(gate: Gate, session: Session, seq: number, done: () => void): void {
  gate.store.refresh()
  const { uid, sid, cid } = session
  const gids = gate.store.tables.memberOf.keys(key(uid)).map(bytes => idAt(bytes, 1))
  let waiting = gids.length
  let busy: Refused | undefined
  if (waiting === 0) done()
  for (const gid of gids) {
    askedFor(session, 'groups', gid)
    gate.calls.request(gate.placement.ownerOf(gid), 'groupAttach', { gid, uid, sid, cid }, answer => {
      if (!isRefused(answer)) admitted(gate, session, 'groups', gid, answer.topic)
      else {
        notAdmitted(gate, session, 'groups', gid, answer)
        // Not a member any more is no reason; an owner that does not answer is.
        if (answer.refused === ErrorCode.BUSY.code) busy = answer
      }
      if (--waiting > 0 || session.state !== SessionState.SIGNING_IN) return
      if (busy === undefined) done()
      else notOnline(gate, session, seq, busy)
    })
  }
}

function complete(gate: Gate, session: Session, seq: number, broadcastsSeen: number): void {
  const { uid, sid } = session
  const held = session.takeHeld()
  session.state = SessionState.ONLINE
  gate.hub.countOnline(session, 1)
  ack(gate, session, Command.ONLINE, seq, {
    uid,
    sid,
    heartbeat: Math.max(1, Math.round(gate.options.heartbeatMs / 1000)),
  })
  for (const { frame, dataKind } of held) gate.hub.send(session, frame, dataKind)
  gate.broadcasts.join(session)
  gate.broadcasts.catchUp(session, broadcastsSeen)
  for (const sayAgain of session.takePostponed()) sayAgain()
}

export function handleOffline(gate: Gate, session: Session, _body: object, seq: number): void {
  ack(gate, session, Command.OFFLINE, seq, {})
  gate.hub.close(session, Disconnect.OFFLINE)
}

export function handlePing(gate: Gate, session: Session, _body: object, seq: number): void {
  gate.hub.send(session, encodeFrame(Command.PONG, seq))
}

const watchOf = new Map<number, number>([
  [Command.ROOM_USR_NUM, Watch.ROOM_USR_NUM],
  [Command.ROOM_LSN_STAT, Watch.ROOM_LSN_STAT],
])

export function handleSub(gate: Gate, session: Session, { cmd }: BodyOf<typeof Command.SUB>, seq: number): void {
  watch(gate, session, Command.SUB, seq, cmd, watches => session.watches | watches)
}

export function handleUnsub(gate: Gate, session: Session, { cmd }: BodyOf<typeof Command.UNSUB>, seq: number): void {
  watch(gate, session, Command.UNSUB, seq, cmd, watches => session.watches & ~watches)
}

function watch(
  gate: Gate,
  session: Session,
  request: typeof Command.SUB | typeof Command.UNSUB,
  seq: number,
  cmd: number,
  next: (watches: number) => number,
): void {
  const bit = watchOf.get(cmd)
  if (bit === undefined) {
    const errmsg = `cmd: 0x0410 or 0x0412 can be subscribed to, not ${cmd}`
    refuse(gate, session, request, seq, { refused: ErrorCode.BAD_BODY.code, errmsg }, { cmd })
    return
  }
  session.watches = next(bit)
  gate.watchers.update(session)
  ack(gate, session, request, seq, { cmd })
}
