import { Command } from '../protocol/command.ts'
import { encodeFrame } from '../protocol/encode.ts'
import { ErrorCode } from '../protocol/error-code.ts'
import { Frame } from '../protocol/frame.ts'
import { parseMessage } from '../protocol/json-format.ts'
import { type BodyOf, type Request, type RequestReader, readerOf } from '../protocol/requests.ts'
import type { Gate } from './gate.ts'
import { refuse } from './gate.ts'
import { handleChat, handleGroupChat, handleRoomChat } from './handlers/chat.ts'
import * as group from './handlers/group.ts'
import * as presence from './handlers/presence.ts'
import * as relation from './handlers/relation.ts'
import * as room from './handlers/room.ts'
import { type Session, SessionState } from './session.ts'

/** Carries out one request; its ack is sent by the handler, now or when the owner has answered. */
export type Handler<R extends Request> = (gate: Gate, session: Session, body: BodyOf<R>, seq: number) => void

const handlers: { readonly [R in Request]: Handler<R> } = {
  [Command.ONLINE]: presence.handleOnline,
  [Command.OFFLINE]: presence.handleOffline,
  [Command.PING]: presence.handlePing,
  [Command.SUB]: presence.handleSub,
  [Command.UNSUB]: presence.handleUnsub,
  [Command.CHAT]: handleChat,
  [Command.BLACKLIST_ADD]: relation.handleBlacklistAdd,
  [Command.BLACKLIST_DEL]: relation.handleBlacklistDel,
  [Command.GAG_ADD]: relation.handleGagAdd,
  [Command.GAG_DEL]: relation.handleGagDel,
  [Command.GROUP_CREAT]: group.handleGroupCreat,
  [Command.GROUP_DISMISS]: group.handleGroupDismiss,
  [Command.GROUP_JOIN]: group.handleGroupJoin,
  [Command.GROUP_QUIT]: group.handleGroupQuit,
  [Command.GROUP_INVITE]: group.handleGroupInvite,
  [Command.GROUP_CHAT]: handleGroupChat,
  [Command.GROUP_KICK]: group.handleGroupKick,
  [Command.GROUP_GAG_ADD]: group.handleGroupGagAdd,
  [Command.GROUP_GAG_DEL]: group.handleGroupGagDel,
  [Command.GROUP_BL_ADD]: group.handleGroupBlacklistAdd,
  [Command.GROUP_BL_DEL]: group.handleGroupBlacklistDel,
  [Command.GROUP_MGR_ADD]: group.handleGroupManagerAdd,
  [Command.GROUP_MGR_DEL]: group.handleGroupManagerDel,
  [Command.GROUP_USR_LIST]: group.handleGroupUserList,
  [Command.ROOM_CREAT]: room.handleRoomCreat,
  [Command.ROOM_DISMISS]: room.handleRoomDismiss,
  [Command.ROOM_JOIN]: room.handleRoomJoin,
  [Command.ROOM_QUIT]: room.handleRoomQuit,
  [Command.ROOM_KICK]: room.handleRoomKick,
  [Command.ROOM_CHAT]: handleRoomChat,
}

/** What was said makes no sense: nothing after it can be trusted. */
export const GARBAGE = 'garbage'

/** Undefined: all was taken. A buffer: the rest, to be said again when the session has signed in. */
export type Taken = Buffer | typeof GARBAGE | undefined

/** Whole binary frames, back to back; garbage when they end in the middle of one. */
export function dispatchBinary(gate: Gate, session: Session, chunk: Buffer): Taken {
  if (!speaks(session, false)) return refuseFormat(gate, session)
  for (let at = 0; at < chunk.length; ) {
    if (session.state === SessionState.SIGNING_IN) return Buffer.from(chunk.subarray(at))
    const left = chunk.length - at
    if (left < Frame.HEADER_BYTES) return GARBAGE
    const length = chunk.readUInt32BE(at)
    const end = at + 4 + length
    if (length < Frame.LENGTH_MIN || end > chunk.length || length > gate.options.frameBytesMax) return GARBAGE
    dispatchFrame(gate, session, chunk, at, end)
    if (session.state === SessionState.CLOSED) return undefined
    at = end
  }
  return undefined
}

function dispatchFrame(gate: Gate, session: Session, chunk: Buffer, at: number, end: number): void {
  const command = chunk.readUInt16BE(at + Frame.COMMAND)
  const flags = chunk.readUInt16BE(at + Frame.FLAGS)
  const seq = chunk.readUInt32BE(at + Frame.SEQ)
  const row = flags === 0 ? readerOf(command) : undefined
  if (row === undefined) error(gate, session, seq, ErrorCode.BAD_HEADER)
  else run(gate, session, command as Request, row, seq, () => row.reader.binary(chunk, at + Frame.BODY, end))
}

/** One text message: JSON requests, one a line; garbage when one is none, is too long, or there is none. */
export function dispatchText(gate: Gate, session: Session, chunk: Buffer): Taken {
  if (!speaks(session, true)) return refuseFormat(gate, session)
  const lines = chunk
    .toString()
    .split('\n')
    .filter(line => line.trim() !== '')
  if (lines.length === 0) return GARBAGE
  for (const [index, line] of lines.entries()) {
    if (session.state === SessionState.SIGNING_IN) return Buffer.from(lines.slice(index).join('\n'))
    const message = Buffer.byteLength(line) > gate.options.frameBytesMax ? undefined : parseMessage(line)
    if (message === undefined) return GARBAGE
    const row = readerOf(message.command)
    if (row === undefined) error(gate, session, message.seq, ErrorCode.BAD_HEADER)
    else run(gate, session, message.command as Request, row, message.seq, () => row.reader.json(message.body))
    if (session.state === SessionState.CLOSED) return undefined
  }
  return undefined
}

function run(
  gate: Gate,
  session: Session,
  request: Request,
  { when }: RequestReader,
  seq: number,
  read: () => object | undefined,
): void {
  if (when === 'online' && session.state !== SessionState.ONLINE) {
    refuse(gate, session, request, seq, { refused: ErrorCode.NOT_SIGNED_IN.code })
    return
  }
  try {
    const body = read()
    if (body === undefined) refuse(gate, session, request, seq, { refused: ErrorCode.BAD_BODY.code })
    else (handlers[request] as Handler<Request>)(gate, session, body as BodyOf<Request>, seq)
  } catch (defect) {
    // Whatever one message brings about must not end the others' worker.
    refuse(gate, session, request, seq, gate.onDefect(defect))
  }
}

/** Before ONLINE each message is answered in its own format; ONLINE settles it. */
function speaks(session: Session, json: boolean): boolean {
  if (session.state === SessionState.NEW && session.speaksJson !== json) {
    // What was answered so far goes out in the form in which it was asked.
    session.flush()
    session.speaksJson = json
  }
  return session.speaksJson === json
}

function refuseFormat(gate: Gate, session: Session): undefined {
  error(gate, session, 0, ErrorCode.BAD_HEADER)
}

export function error(gate: Gate, session: Session, seq: number, { code, text }: { code: number; text: string }): void {
  gate.hub.send(session, encodeFrame(Command.ERROR, seq, { code, errmsg: text }))
}
