import { isRefused } from '../../bus/calls.ts'
import { Command } from '../../protocol/command.ts'
import type { Request } from '../../protocol/requests.ts'
import type { Id } from '../../util/id.ts'
import { ack, type Gate, refuse } from '../gate.ts'
import type { Session } from '../session.ts'

interface Other {
  readonly duid: Id
}

/** Whom the user blocks is refused when he writes to the user. */
export function handleBlacklistAdd(gate: Gate, session: Session, { duid }: Other, seq: number): void {
  relate(gate, session, Command.BLACKLIST_ADD, seq, duid, 'block', true)
}

export function handleBlacklistDel(gate: Gate, session: Session, { duid }: Other, seq: number): void {
  relate(gate, session, Command.BLACKLIST_DEL, seq, duid, 'block', false)
}

/** Whom the user mutes is not told; what he writes to the user goes nowhere. */
export function handleGagAdd(gate: Gate, session: Session, { duid }: Other, seq: number): void {
  relate(gate, session, Command.GAG_ADD, seq, duid, 'mute', true)
}

export function handleGagDel(gate: Gate, session: Session, { duid }: Other, seq: number): void {
  relate(gate, session, Command.GAG_DEL, seq, duid, 'mute', false)
}

function relate(
  gate: Gate,
  session: Session,
  request: Request,
  seq: number,
  other: Id,
  relation: 'block' | 'mute',
  on: boolean,
): void {
  const { uid } = session
  const fields = { suid: uid, duid: other }
  gate.calls.request(gate.placement.ownerOf(uid), 'userRelation', { uid, other, relation, on }, answer => {
    if (isRefused(answer)) refuse(gate, session, request, seq, answer, fields)
    else ack(gate, session, request, seq, fields)
  })
}
