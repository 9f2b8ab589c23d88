import { Shed } from '../../admission/overload.ts'
import { type Refused, refused } from '../../contract/answer.ts'
import { type Chat, ChatScope, type EncodedField, writeChat } from '../../contract/records.ts'
import type { Command } from '../../protocol/command.ts'
import type { BodyOf } from '../../protocol/requests.ts'
import type { ClientRequest } from '../request.ts'

const BUSY = refused('BUSY')

type ChatRequest = typeof Command.CHAT | typeof Command.GROUP_CHAT | typeof Command.ROOM_CHAT

/** Membership, gags and blacklists are checked at the home, which answers with the ack. */
export function handleChat(request: ClientRequest<typeof Command.CHAT>): void {
  const { session, body } = request
  if (isEmpty(request)) return
  const refusal = say(request, ChatScope.USER, body.duid)
  if (refusal !== undefined) request.refuse(refusal, { suid: session.uid, duid: body.duid })
}

export function handleGroupChat(request: ClientRequest<typeof Command.GROUP_CHAT>): void {
  const { session, body } = request
  if (isEmpty(request)) return
  const refusal = say(request, ChatScope.GROUP, body.gid)
  if (refusal !== undefined) request.refuse(refusal, { uid: session.uid, gid: body.gid })
}

export function handleRoomChat(request: ClientRequest<typeof Command.ROOM_CHAT>): void {
  const { session, body } = request
  if (isEmpty(request)) return
  const refusal = say(request, ChatScope.ROOM, body.rid)
  if (refusal !== undefined) request.refuse(refusal, { uid: session.uid, rid: body.rid })
}

/** What is said is a text, data, or both. */
function isEmpty<R extends ChatRequest>(request: ClientRequest<R>): boolean {
  const { text, data } = request.body as BodyOf<ChatRequest>
  if (text !== undefined || data !== undefined) return false
  request.context.onMalformed()
  request.refuse(refused('BAD_BODY', 'bad body: text: expected text or data, got neither'))
  return true
}

/** Writes the chat to the home of those who get it. @returns why not: that one takes nothing more at the moment, or not this */
function say<R extends ChatRequest>(
  { context, session, seq, body }: ClientRequest<R>,
  scope: ChatScope,
  target: Chat['target'],
): Refused | undefined {
  const { admission, bus, placement, congestion } = context
  const home = placement.homeOf(target)
  const { level = 0, text, data } = body as BodyOf<ChatRequest>
  if (!bus.isUp(home)) return BUSY
  const shed = level === 0 ? admission.shedding.refuses(Shed.MESSAGES, home) : undefined
  if (shed !== undefined) return shed
  if (bus.congested(home) && !congestion.pause(session, home)) return BUSY
  const fields: EncodedField[] = []
  if (text !== undefined) fields.push({ name: 'text', value: text })
  if (data !== undefined) fields.push({ name: 'data', value: data })
  const { uid, sid, cid } = session
  writeChat(bus, home, { scope, seq, target, uid, sid, cid, level }, fields)
  return undefined
}
