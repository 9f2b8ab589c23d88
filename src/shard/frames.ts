import type { ChatRecord } from '../contract/records.ts'
import { ackOf, Command } from '../protocol/command.ts'
import { encodeFrame, FrameWriter } from '../protocol/encode.ts'
import { ErrorCode, errorText } from '../protocol/error-code.ts'
import type { Gid, Rid, UidOrAll } from '../util/id.ts'

const writer = new FrameWriter()

export type ChatCommand = typeof Command.CHAT | typeof Command.GROUP_CHAT | typeof Command.ROOM_CHAT

/** Sender and place, under the names that each of the three commands uses. */
function writePlace(command: ChatCommand, { uid, target }: ChatRecord, subGroup: number): void {
  if (command === Command.CHAT) writer.id('suid', uid).id('duid', target)
  else if (command === Command.GROUP_CHAT) writer.id('uid', uid).id('gid', target)
  else {
    writer.id('uid', uid).id('rid', target)
    if (subGroup > 0) writer.id('gid', subGroup)
  }
}

/** The frame of a chat for its readers. @param timeMs unix milliseconds @returns valid until the next frame is made */
export function chatFrame(
  command: ChatCommand,
  chat: ChatRecord,
  subGroup: number,
  msgid: number,
  timeMs: number,
): Buffer {
  writer.begin()
  writePlace(command, chat, subGroup)
  writer.id('level', chat.level).id('time', timeMs).id('msgid', msgid)
  return writer.fields(chat.source, chat.fieldsAt, chat.end, chat.fieldCount).finish(command, 0)
}

/** The ack of a chat for its sender. Valid until the next frame is made. */
export function chatAckFrame(
  command: ChatCommand,
  chat: ChatRecord,
  subGroup: number,
  code: number,
  msgid: number,
): Buffer {
  writer.begin()
  writePlace(command, chat, subGroup)
  writer.id('code', code).text('errmsg', errorText(code))
  if (code === ErrorCode.OK.code) writer.id('msgid', msgid)
  return writer.finish(ackOf(command), chat.seq)
}

export type PushCommand = typeof Command.BC | typeof Command.P2P | typeof Command.ROOM_BC | typeof Command.GROUP_BC

interface PushPlace {
  readonly command: PushCommand
  readonly rid?: Rid
  readonly gid?: Gid
}

/** A push. @param timeMs unix milliseconds @returns valid until the next frame is made */
export function pushFrame(
  { command, rid, gid }: PushPlace,
  msgid: number,
  timeMs: number,
  expire: number,
  data: Buffer,
): Buffer {
  writer.begin()
  if (rid !== undefined) writer.id('rid', rid)
  if (gid !== undefined) writer.id('gid', gid)
  writer.id('msgid', msgid)
  if (command === Command.ROOM_BC || command === Command.GROUP_BC) {
    writer.id('level', 0).id('time', timeMs).id('expire', expire)
  }
  return writer.bytes('data', data).finish(command, 0)
}

/** A notice about a user of a room or group, in memory of its own. @param uid 0: everybody */
export function noticeFrame(
  command: Command,
  fields: { readonly uid: UidOrAll; readonly rid?: Rid; readonly gid?: Gid },
): Buffer {
  return encodeFrame(command, 0, fields)
}
