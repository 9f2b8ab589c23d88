import { ChatScope, type EncodedField, writeChat } from '../../bus/records.ts'
import { Command } from '../../protocol/command.ts'
import { ErrorCode } from '../../protocol/error-code.ts'
import type { BodyOf } from '../../protocol/requests.ts'
import type { Id } from '../../util/id.ts'
import { type Gate, refuse } from '../gate.ts'
import type { Session } from '../session.ts'

/** What the owner finds out by itself (membership, gags, blacklists) is not asked here: it answers with the ack. */
export function handleChat(gate: Gate, session: Session, body: BodyOf<typeof Command.CHAT>, seq: number): void {
  say(gate, session, Command.CHAT, ChatScope.USER, body.duid, body, seq)
}

export function handleGroupChat(
  gate: Gate,
  session: Session,
  body: BodyOf<typeof Command.GROUP_CHAT>,
  seq: number,
): void {
  say(gate, session, Command.GROUP_CHAT, ChatScope.GROUP, body.gid, body, seq)
}

export function handleRoomChat(
  gate: Gate,
  session: Session,
  body: BodyOf<typeof Command.ROOM_CHAT>,
  seq: number,
): void {
  say(gate, session, Command.ROOM_CHAT, ChatScope.ROOM, body.rid, body, seq)
}

interface Said {
  readonly level?: number
  readonly text?: Buffer
  readonly data?: Buffer
}

function say(
  gate: Gate,
  session: Session,
  request: typeof Command.CHAT | typeof Command.GROUP_CHAT | typeof Command.ROOM_CHAT,
  scope: ChatScope,
  target: Id,
  { level = 0, text, data }: Said,
  seq: number,
): void {
  const owner = gate.placement.ownerOf(target)
  if (!gate.bus.isUp(owner) || (gate.bus.congested(owner) && !gate.congestion.pause(session, owner))) {
    refuse(gate, session, request, seq, { refused: ErrorCode.BUSY.code }, ackFields(session, scope, target))
    return
  }
  const fields: EncodedField[] = []
  if (text !== undefined) fields.push({ name: 'text', value: text })
  if (data !== undefined) fields.push({ name: 'data', value: data })
  const { uid, sid, cid } = session
  writeChat(gate.bus, owner, { scope, seq, target, uid, sid, cid, level, fieldCount: fields.length }, fields)
}

/** What the ack of a chat says besides its code, as the owner would say it. */
function ackFields({ uid }: Session, scope: ChatScope, target: Id): object {
  if (scope === ChatScope.USER) return { suid: uid, duid: target }
  return scope === ChatScope.GROUP ? { uid, gid: target } : { uid, rid: target }
}
