import { Shed } from '../../admission/overload.ts'
import { isRefused, refused } from '../../contract/answer.ts'
import { StoredScope } from '../../contract/stored.ts'
import type { Command } from '../../protocol/command.ts'
import { ErrorCode } from '../../protocol/error-code.ts'
import type { Rid } from '../../util/id.ts'
import { admitted, askedFor, giveUp, left, membershipsOf, notAdmitted } from '../membership.ts'
import type { ClientRequest } from '../request.ts'

export function handleRoomCreat(request: ClientRequest<typeof Command.ROOM_CREAT>): void {
  const { context, session } = request
  const { uid } = session
  const refusal = context.admission.create(uid)
  if (refusal === undefined) create(request)
  else request.refuse(refusal, { uid })
}

function create(request: ClientRequest<typeof Command.ROOM_CREAT>): void {
  const { context, session, body } = request
  const { uid } = session
  const rid = context.newIds.next() as Rid | undefined
  if (rid === undefined) {
    request.refuse(refused('BUSY'), { uid })
    return
  }
  const { name = '', desc = '' } = body
  request.ask(context.placement.homeOf(rid), 'roomCreate', { rid, uid, name, desc }, answer => {
    // An app server may have numbered a room so before: the next number then.
    if (isRefused(answer) && answer.refused === ErrorCode.NOT_ALLOWED.code) create(request)
    else if (isRefused(answer)) request.refuse(answer, { uid })
    else request.ack({ uid, rid })
  })
}

/**
 * The membership is noted before the home has answered: if the session ends in between, the home gets the quit after the
 * join. Messages that the home sends after its answer arrive after it, so the session misses nothing and gets nothing twice.
 */
export function handleRoomJoin(request: ClientRequest<typeof Command.ROOM_JOIN>): void {
  const { context, session, body } = request
  const { uid, sid, cid, at, rooms } = session
  const { rid } = body
  const isInRoom = rooms?.get(rid) !== undefined
  if (rooms !== undefined && !isInRoom && rooms.size >= context.options.roomsPerSessionMax) {
    request.refuse(refused('TOO_MANY_ROOMS'), { uid, rid })
    return
  }
  const home = context.placement.homeOf(rid)
  const shed = isInRoom ? undefined : context.admission.shedding.refuses(Shed.JOINS, home)
  if (shed !== undefined) {
    request.refuse(shed, { uid, rid })
    return
  }
  const membership = askedFor(session, 'rooms', rid)
  const had = session.stored?.upTo(StoredScope.ROOM, rid) ?? 0
  const args = { rid, uid, sid, cid, at, had, listener: session.connection.listener }
  request.ask(home, 'roomJoin', args, answer => {
    if (isRefused(answer)) {
      notAdmitted(context, session, 'rooms', membership, answer)
      request.refuse(answer, { uid, rid })
    } else if (admitted(context, session, 'rooms', membership, answer.topic)) {
      request.ack({ uid, rid, gid: answer.gid })
    } else request.refuse(refused('BUSY'), { uid, rid })
  })
}

/**
 * Whoever is in a room may leave it, so that is done whatever the home says: one that does not answer in time is told again,
 * behind all that it was asked, and one that has just begun does not know the session yet and must not hear of it later.
 */
export function handleRoomQuit(request: ClientRequest<typeof Command.ROOM_QUIT>): void {
  const { context, session, body } = request
  const { uid, sid, cid } = session
  const { rid } = body
  request.ask(context.placement.homeOf(rid), 'roomQuit', { rid, sid, cid }, answer => {
    const membership = membershipsOf(session, 'rooms')?.get(rid)
    if (!isRefused(answer)) left(context, session, 'rooms', rid)
    else if (membership?.isIn === true) giveUp(context, session, 'rooms', membership)
    else {
      request.refuse(answer, { uid, rid })
      return
    }
    request.ack({ uid, rid })
  })
}
