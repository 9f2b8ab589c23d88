import type { ChatRecord } from '../bus/records.ts'
import { ackOf, Command } from '../protocol/command.ts'
import { encodeFrame, FrameWriter } from '../protocol/encode.ts'
import { ErrorCode, errorText } from '../protocol/error-code.ts'
import type { Id } from '../util/id.ts'

const writer = new FrameWriter()

/** What members get of a chat. Valid until the next frame is made. */
export function chatFrame(
  command: typeof Command.CHAT | typeof Command.GROUP_CHAT | typeof Command.ROOM_CHAT,
  chat: ChatRecord,
  place: { readonly rid?: Id; readonly gid?: Id },
  msgid: number,
  source: Buffer,
  fieldsAt: number,
  end: number,
): Buffer {
  writer.begin()
  if (command === Command.CHAT) writer.id('suid', chat.uid).id('duid', chat.target)
  else {
    writer.id('uid', chat.uid)
    if (place.rid !== undefined) writer.id('rid', place.rid)
    if (place.gid !== undefined) writer.id('gid', place.gid)
  }
  writer.id('level', chat.level).id('time', Date.now()).id('msgid', msgid)
  return writer.fields(source, fieldsAt, end, chat.fieldCount).finish(command, 0)
}

/** What the sender of a chat gets. Valid until the next frame is made. */
export function chatAckFrame(
  command: typeof Command.CHAT | typeof Command.GROUP_CHAT | typeof Command.ROOM_CHAT,
  chat: ChatRecord,
  gid: number,
  code: number,
  msgid: number,
): Buffer {
  writer.begin()
  if (command === Command.CHAT) writer.id('suid', chat.uid).id('duid', chat.target)
  else if (command === Command.GROUP_CHAT) writer.id('uid', chat.uid).id('gid', chat.target)
  else {
    writer.id('uid', chat.uid).id('rid', chat.target)
    if (gid > 0) writer.id('gid', gid)
  }
  writer.id('code', code).text('errmsg', errorText(code))
  if (code === ErrorCode.OK.code) writer.id('msgid', msgid)
  return writer.finish(ackOf(command), chat.seq)
}

type PushCommand = typeof Command.BC | typeof Command.P2P | typeof Command.ROOM_BC | typeof Command.GROUP_BC

/** A push. Valid until the next frame is made. */
export function pushFrame(
  command: PushCommand,
  place: { readonly rid?: Id; readonly gid?: Id },
  msgid: number,
  expire: number,
  data: Buffer,
): Buffer {
  writer.begin()
  if (place.rid !== undefined) writer.id('rid', place.rid)
  if (place.gid !== undefined) writer.id('gid', place.gid)
  writer.id('msgid', msgid)
  if (command === Command.ROOM_BC || command === Command.GROUP_BC) {
    writer.id('level', 0).id('time', Date.now()).id('expire', expire)
  }
  return writer.bytes('data', data).finish(command, 0)
}

/** A notice about a user of a room or group. */
export function noticeFrame(
  command: Command,
  fields: { readonly uid: Id; readonly rid?: Id; readonly gid?: Id },
): Buffer {
  return encodeFrame(command, 0, fields)
}
