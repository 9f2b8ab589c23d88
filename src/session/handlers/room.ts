import { isRefused } from '../../bus/calls.ts'
import { Command } from '../../protocol/command.ts'
import { ErrorCode } from '../../protocol/error-code.ts'
import type { BodyOf } from '../../protocol/requests.ts'
import type { Id } from '../../util/id.ts'
import { ack, type Gate, refuse } from '../gate.ts'
import { admitted, askedFor, left, notAdmitted } from '../membership.ts'
import type { Session } from '../session.ts'

interface Room {
  readonly rid: Id
}

export function handleRoomCreat(
  gate: Gate,
  session: Session,
  body: BodyOf<typeof Command.ROOM_CREAT>,
  seq: number,
): void {
  const { uid } = session
  const rid = gate.newIds.next()
  if (rid === undefined) {
    refuse(gate, session, Command.ROOM_CREAT, seq, { refused: ErrorCode.BUSY.code }, { uid })
    return
  }
  const { name = '', desc = '' } = body
  gate.calls.request(gate.placement.ownerOf(rid), 'roomCreate', { rid, uid, name, desc }, answer => {
    // An app server may have named a room so before: the next number then.
    if (isRefused(answer) && answer.refused === ErrorCode.NOT_ALLOWED.code) handleRoomCreat(gate, session, body, seq)
    else if (isRefused(answer)) refuse(gate, session, Command.ROOM_CREAT, seq, answer, { uid })
    else ack(gate, session, Command.ROOM_CREAT, seq, { uid, rid })
  })
}

export function handleRoomDismiss(gate: Gate, session: Session, { rid }: Room, seq: number): void {
  const { uid } = session
  gate.calls.request(gate.placement.ownerOf(rid), 'roomDismiss', { rid, by: uid }, answer => {
    if (isRefused(answer)) refuse(gate, session, Command.ROOM_DISMISS, seq, answer, { uid, rid })
    else ack(gate, session, Command.ROOM_DISMISS, seq, { uid, rid })
  })
}

/**
 * The session is marked as a member before the owner has answered: should it end in between, the owner hears of it after
 * the join. What the owner sends to the room after its answer comes after it, so nothing is missed and nothing doubled.
 */
export function handleRoomJoin(gate: Gate, session: Session, { rid }: Room, seq: number): void {
  const { uid, sid, cid } = session
  const { rooms } = session
  if (rooms !== undefined && rooms.get(rid) === undefined && rooms.size >= gate.options.roomsPerSessionMax) {
    refuse(gate, session, Command.ROOM_JOIN, seq, { refused: ErrorCode.TOO_MANY_ROOMS.code }, { uid, rid })
    return
  }
  askedFor(session, 'rooms', rid)
  const args = { rid, uid, sid, cid, listener: session.connection.listener }
  gate.calls.request(gate.placement.ownerOf(rid), 'roomJoin', args, answer => {
    if (isRefused(answer)) {
      notAdmitted(gate, session, 'rooms', rid, answer)
      refuse(gate, session, Command.ROOM_JOIN, seq, answer, { uid, rid })
      return
    }
    admitted(gate, session, 'rooms', rid, answer.topic)
    ack(gate, session, Command.ROOM_JOIN, seq, { uid, rid, gid: answer.gid })
  })
}

export function handleRoomQuit(gate: Gate, session: Session, { rid }: Room, seq: number): void {
  const { uid, sid, cid } = session
  gate.calls.request(gate.placement.ownerOf(rid), 'roomQuit', { rid, sid, cid }, answer => {
    if (isRefused(answer)) {
      refuse(gate, session, Command.ROOM_QUIT, seq, answer, { uid, rid })
      return
    }
    left(gate, session, 'rooms', rid)
    ack(gate, session, Command.ROOM_QUIT, seq, { uid, rid })
  })
}

export function handleRoomKick(
  gate: Gate,
  session: Session,
  body: BodyOf<typeof Command.ROOM_KICK>,
  seq: number,
): void {
  const { uid, rid } = body
  gate.calls.request(gate.placement.ownerOf(rid), 'roomKick', { rid, uid, by: session.uid }, answer => {
    if (isRefused(answer)) refuse(gate, session, Command.ROOM_KICK, seq, answer, { uid, rid })
    else ack(gate, session, Command.ROOM_KICK, seq, { uid, rid })
  })
}
