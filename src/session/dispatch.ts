import { type Refused, refused } from '../contract/answer.ts'
import { BadBody } from '../protocol/body.ts'
import { Command } from '../protocol/command.ts'
import { describeJson } from '../protocol/describe.ts'
import { encodeFrame } from '../protocol/encode.ts'
import { ErrorCode, errorText } from '../protocol/error-code.ts'
import { Frame } from '../protocol/frame.ts'
import { BadLine, parseMessage } from '../protocol/json-format.ts'
import { type BodyOf, type Request, type RequestReader, readerOf } from '../protocol/requests.ts'
import type { SessionContext } from './context.ts'
import { handleChat, handleGroupChat, handleRoomChat } from './handlers/chat.ts'
import { handleGroupCreat } from './handlers/group.ts'
import { homeRequests } from './handlers/home.ts'
import * as presence from './handlers/presence.ts'
import * as room from './handlers/room.ts'
import { overPace, refusedForPace } from './pacing.ts'
import { ClientRequest, type Handler, refuse } from './request.ts'
import { type Session, SessionState } from './session.ts'

const handlers: { readonly [R in Request]: Handler<R> } = {
  ...homeRequests,
  [Command.ONLINE]: presence.handleOnline,
  [Command.OFFLINE]: presence.handleOffline,
  [Command.PING]: presence.handlePing,
  [Command.SUB]: presence.handleSub,
  [Command.UNSUB]: presence.handleUnsub,
  [Command.CHAT]: handleChat,
  [Command.GROUP_CHAT]: handleGroupChat,
  [Command.ROOM_CHAT]: handleRoomChat,
  [Command.GROUP_CREAT]: handleGroupCreat,
  [Command.ROOM_CREAT]: room.handleRoomCreat,
  [Command.ROOM_JOIN]: room.handleRoomJoin,
  [Command.ROOM_QUIT]: room.handleRoomQuit,
}

/** A length makes no sense: nothing after it can be trusted. */
export const GARBAGE = 'garbage'

/** Undefined: all was taken. A buffer: the rest, to be dispatched again when the session has signed in. */
export type Taken = Buffer | typeof GARBAGE | undefined

/** Whole binary frames, back to back; garbage when they end in the middle of one. */
export function dispatchBinary(context: SessionContext, session: Session, chunk: Buffer): Taken {
  if (!speaks(session, false)) return refuseFormat(context, session)
  for (let at = 0; at < chunk.length; ) {
    if (mustWait(context, session)) return Buffer.from(chunk.subarray(at))
    const left = chunk.length - at
    if (left < Frame.HEADER_BYTES) return GARBAGE
    const length = chunk.readUInt32BE(at)
    const end = at + 4 + length
    if (length < Frame.LENGTH_MIN || end > chunk.length || length > context.options.frameBytesMax) return GARBAGE
    dispatchFrame(context, session, chunk, at, end)
    if (session.state === SessionState.CLOSED) return undefined
    at = end
  }
  return undefined
}

function dispatchFrame(context: SessionContext, session: Session, chunk: Buffer, at: number, end: number): void {
  const command = chunk.readUInt16BE(at + Frame.COMMAND)
  const flags = chunk.readUInt16BE(at + Frame.FLAGS)
  const seq = chunk.readUInt32BE(at + Frame.SEQ)
  const row = flags === 0 ? readerOf(command) : undefined
  const over = row !== undefined && leaves(session, command) ? undefined : overPace(context, session, end - at)
  if (over !== undefined) {
    refuseForPace(context, session, row === undefined ? undefined : (command as Request), seq, over)
  } else if (row !== undefined) {
    run(context, session, command as Request, row, seq, () => row.reader.binary(chunk, at + Frame.BODY, end))
  } else if (flags !== 0) error(context, session, seq, `flags: expected 0, got ${flags}`)
  else error(context, session, seq, `command: expected a request, got 0x${command.toString(16).padStart(4, '0')}`)
}

/** Leaving is never too much, and happens once. */
function leaves({ state }: Session, command: number): boolean {
  return command === Command.OFFLINE && state === SessionState.ONLINE
}

/** Answered in the way of its command, or as what it is: no request. */
function refuseForPace(
  context: SessionContext,
  session: Session,
  command: Request | undefined,
  seq: number,
  refusal: Refused,
): void {
  const { refused: code, errmsg } = refusal
  if (command !== undefined) refuse(context, session, command, seq, refusal)
  else context.hub.send(session, encodeFrame(Command.ERROR, seq, { code, errmsg: errmsg ?? errorText(code) }))
  refusedForPace(context, session)
}

/** A text message that only says that somebody is there; so does one without any text. */
const KEEP_ALIVE = 'ping'

/** So many lines of one message may make no sense; then the rest of it is passed over. */
const BAD_LINES_MAX = 16

/** One text message: JSON requests, one a line. One that makes no sense is answered, and those after it are read. */
export function dispatchText(context: SessionContext, session: Session, chunk: Buffer): Taken {
  const lines = chunk
    .toString()
    .split('\n')
    .filter(line => line.trim() !== '')
  if (lines.length === 0 || (lines.length === 1 && lines[0]!.trim() === KEEP_ALIVE)) return undefined
  if (!speaks(session, true)) return refuseFormat(context, session)
  let badLines = 0
  for (const [index, line] of lines.entries()) {
    if (mustWait(context, session)) return Buffer.from(lines.slice(index).join('\n'))
    if (!dispatchLine(context, session, line) && ++badLines === BAD_LINES_MAX) return undefined
    if (session.state === SessionState.CLOSED) return undefined
  }
  return undefined
}

const TOO_MANY_OPEN = 'busy: too many requests are open, wait for their acks'

/** Whether what the client says next waits: until it has signed in, or until few enough of its requests are open. */
function mustWait({ options }: SessionContext, session: Session): boolean {
  if (session.state === SessionState.SIGNING_IN || session.isHeld) return true
  // A WebSocket cannot be paused: its next request hears BUSY.
  if (session.requestsOpen >= options.requestsOpenMax) session.isHeld = session.pause()
  return session.isHeld
}

/** Those that need no answer of a home, or have a bound of their own: the ring's. */
const notAsking: ReadonlySet<Request> = new Set([
  Command.OFFLINE,
  Command.PING,
  Command.SUB,
  Command.UNSUB,
  Command.CHAT,
  Command.GROUP_CHAT,
  Command.ROOM_CHAT,
])

function asksHome(command: Request): boolean {
  return !notAsking.has(command)
}

/** @returns whether it was a message */
function dispatchLine(context: SessionContext, session: Session, line: string): boolean {
  const { frameBytesMax } = context.options
  const bytes = Buffer.byteLength(line)
  if (bytes > frameBytesMax) {
    overPace(context, session, bytes)
    error(context, session, 0, `expected a line of up to ${frameBytesMax} bytes, got ${bytes}`)
    return false
  }
  const message = parseMessage(line)
  const seq = session.seqOf(message.seq)
  const command = message instanceof BadLine ? 0 : message.command
  const row = readerOf(command)
  const over = leaves(session, command) ? undefined : overPace(context, session, bytes)
  if (over !== undefined) {
    refuseForPace(context, session, row === undefined ? undefined : (command as Request), seq, over)
    return row !== undefined
  }
  if (message instanceof BadLine) {
    error(context, session, seq, message.why)
    return false
  }
  if (row === undefined) error(context, session, seq, `cmd: expected a request, got ${describeJson(message.name)}`)
  else run(context, session, command as Request, row, seq, () => row.reader.json(message.body))
  return true
}

function run(
  context: SessionContext,
  session: Session,
  command: Request,
  { when }: RequestReader,
  seq: number,
  read: () => object,
): void {
  if (when === 'online' && session.state !== SessionState.ONLINE) {
    refuse(context, session, command, seq, refused('NOT_SIGNED_IN'))
    return
  }
  const isFull = session.requestsOpen >= context.options.requestsOpenMax && asksHome(command)
  if (isFull) {
    refuse(context, session, command, seq, refused('BUSY', TOO_MANY_OPEN))
    return
  }
  try {
    const body = read()
    if (body instanceof BadBody) {
      context.onMalformed()
      refuse(context, session, command, seq, refused('BAD_BODY', body.errmsg))
    } else {
      const request = new ClientRequest(context, session, command, seq, body as BodyOf<Request>)
      ;(handlers[command] as Handler<Request>)(request)
    }
  } catch (defect) {
    // A defect in one request must not end the worker of the other clients.
    refuse(context, session, command, seq, context.onDefect(defect))
  }
}

/** Before ONLINE each message is answered in its own format; ONLINE settles it. */
function speaks(session: Session, json: boolean): boolean {
  if (session.state === SessionState.NEW && session.speaksJson !== json) {
    // Answers so far go out in the format of their requests.
    session.flush()
    session.speaksJson = json
  }
  return session.speaksJson === json
}

function refuseFormat(context: SessionContext, session: Session): undefined {
  const [expected, got] = session.speaksJson ? ['text', 'binary'] : ['binary', 'text']
  error(context, session, 0, `expected ${expected} messages, as ONLINE was one, got ${got}`)
}

/** What was said is no request. @param why what was expected and what came */
export function error(context: SessionContext, session: Session, seq: number, why: string): void {
  const { code, text } = ErrorCode.BAD_HEADER
  context.onMalformed()
  context.hub.send(session, encodeFrame(Command.ERROR, seq, { code, errmsg: `${text}: ${why}` }))
}
