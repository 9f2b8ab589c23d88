import { type Answer, isRefused } from '../../bus/calls.ts'
import type { Methods } from '../../contract/methods.ts'
import { Command } from '../../protocol/command.ts'
import { ErrorCode } from '../../protocol/error-code.ts'
import type { BodyOf, Request } from '../../protocol/requests.ts'
import type { Id } from '../../util/id.ts'
import { ack, type Gate, refuse } from '../gate.ts'
import type { Session } from '../session.ts'

interface Group {
  readonly gid: Id
}
interface User extends Group {
  readonly uid: Id
}

/** Without a gid, or with 0, the gateway chooses one. */
export function handleGroupCreat(
  gate: Gate,
  session: Session,
  body: BodyOf<typeof Command.GROUP_CREAT>,
  seq: number,
): void {
  const { uid, sid } = session
  const isChosen = body.gid !== undefined && body.gid !== 0
  const gid = isChosen ? body.gid! : gate.newIds.next()
  if (gid === undefined) {
    refuse(gate, session, Command.GROUP_CREAT, seq, { refused: ErrorCode.BUSY.code }, { uid })
    return
  }
  const { name = '', desc = '' } = body
  gate.calls.request(gate.placement.ownerOf(gid), 'groupCreate', { gid, uid, name, desc, sid }, answer => {
    const isTaken = isRefused(answer) && answer.refused === ErrorCode.NOT_ALLOWED.code
    if (isTaken && !isChosen) handleGroupCreat(gate, session, body, seq)
    else if (isRefused(answer)) refuse(gate, session, Command.GROUP_CREAT, seq, answer, { uid, gid })
    else ack(gate, session, Command.GROUP_CREAT, seq, { uid, gid })
  })
}

export function handleGroupDismiss(gate: Gate, session: Session, { gid }: Group, seq: number): void {
  const { uid } = session
  ask(gate, session, Command.GROUP_DISMISS, seq, gid, { uid, gid }, 'groupDismiss', { gid, by: uid })
}

export function handleGroupJoin(gate: Gate, session: Session, { gid }: Group, seq: number): void {
  const { uid, sid } = session
  ask(gate, session, Command.GROUP_JOIN, seq, gid, { uid, gid }, 'groupJoin', { gid, uid, sid })
}

export function handleGroupQuit(gate: Gate, session: Session, { gid }: Group, seq: number): void {
  const { uid, sid } = session
  ask(gate, session, Command.GROUP_QUIT, seq, gid, { uid, gid }, 'groupQuit', { gid, uid, sid })
}

export function handleGroupInvite(
  gate: Gate,
  session: Session,
  body: BodyOf<typeof Command.GROUP_INVITE>,
  seq: number,
): void {
  const { gid, to } = body
  const { uid } = session
  ask(gate, session, Command.GROUP_INVITE, seq, gid, { uid, gid, to }, 'groupInvite', { gid, to, by: uid })
}

export function handleGroupKick(gate: Gate, session: Session, { uid, gid }: User, seq: number): void {
  ask(gate, session, Command.GROUP_KICK, seq, gid, { uid, gid }, 'groupKick', { gid, uid, by: session.uid })
}

/** Without a uid, or with 0: everybody. */
export function handleGroupGagAdd(
  gate: Gate,
  session: Session,
  body: BodyOf<typeof Command.GROUP_GAG_ADD>,
  seq: number,
): void {
  const { uid = 0, gid } = body
  const args = { gid, uid, on: true, by: session.uid }
  ask(gate, session, Command.GROUP_GAG_ADD, seq, gid, { uid, gid }, 'groupGag', args)
}

export function handleGroupGagDel(
  gate: Gate,
  session: Session,
  body: BodyOf<typeof Command.GROUP_GAG_DEL>,
  seq: number,
): void {
  const { uid = 0, gid } = body
  const args = { gid, uid, on: false, by: session.uid }
  ask(gate, session, Command.GROUP_GAG_DEL, seq, gid, { uid, gid }, 'groupGag', args)
}

export function handleGroupBlacklistAdd(gate: Gate, session: Session, { uid, gid }: User, seq: number): void {
  const args = { gid, uid, on: true, by: session.uid }
  ask(gate, session, Command.GROUP_BL_ADD, seq, gid, { uid, gid }, 'groupBlacklist', args)
}

export function handleGroupBlacklistDel(gate: Gate, session: Session, { uid, gid }: User, seq: number): void {
  const args = { gid, uid, on: false, by: session.uid }
  ask(gate, session, Command.GROUP_BL_DEL, seq, gid, { uid, gid }, 'groupBlacklist', args)
}

export function handleGroupManagerAdd(gate: Gate, session: Session, { uid, gid }: User, seq: number): void {
  const args = { gid, uid, on: true, by: session.uid }
  ask(gate, session, Command.GROUP_MGR_ADD, seq, gid, { uid, gid }, 'groupManager', args)
}

export function handleGroupManagerDel(gate: Gate, session: Session, { uid, gid }: User, seq: number): void {
  const args = { gid, uid, on: false, by: session.uid }
  ask(gate, session, Command.GROUP_MGR_DEL, seq, gid, { uid, gid }, 'groupManager', args)
}

export function handleGroupUserList(
  gate: Gate,
  session: Session,
  body: BodyOf<typeof Command.GROUP_USR_LIST>,
  seq: number,
): void {
  const { gid, num = 0 } = body
  const args = { gid, num, by: session.uid }
  ask(gate, session, Command.GROUP_USR_LIST, seq, gid, { gid }, 'groupMembers', args, answer => ({ gid, ...answer }))
}

type GroupMethod = keyof Methods & `group${string}`

/** Asks the owner of the group and acknowledges with `fields`, or with what `merge` makes of the answer. */
function ask<M extends GroupMethod>(
  gate: Gate,
  session: Session,
  request: Request,
  seq: number,
  gid: Id,
  fields: object,
  method: M,
  args: Methods[M]['args'],
  merge: (answer: Methods[M]['reply']) => object = () => fields,
): void {
  gate.calls.request(gate.placement.ownerOf(gid), method, args, (answer: Answer<Methods[M]['reply']>) => {
    if (isRefused(answer)) refuse(gate, session, request, seq, answer, fields)
    else ack(gate, session, request, seq, merge(answer))
  })
}
