import { type Id, readId, writeId } from '../util/id.ts'
import type { Bus } from './bus.ts'
import { CallKind } from './calls.ts'

/**
 * Chat: a session's worker asks the owner of a user, group or room to deliver what the session said.
 *
 *    0       1        4     8        16    24    32    40      48
 *    | scope | fields | seq | target | uid | sid | cid | level | text and data, `fields` fields, encoded
 *
 * seq and level are u32 little-endian, the ids u64 big-endian (util/id.ts).
 */
export const ChatScope = { USER: 0, GROUP: 1, ROOM: 2 } as const
export type ChatScope = (typeof ChatScope)[keyof typeof ChatScope]

const Chat = {
  KIND: 3,
  SCOPE: 0,
  FIELDS: 1,
  SEQ: 4,
  TARGET: 8,
  UID: 16,
  SID: 24,
  CID: 32,
  LEVEL: 40,
  BODY: 48,
} as const

export interface ChatRecord {
  scope: ChatScope
  seq: number
  target: Id
  uid: Id
  sid: Id
  cid: Id
  level: number
  fieldCount: number
}

/** A field name (ASCII, up to 31 bytes) with its encoded value. */
export interface EncodedField {
  readonly name: string
  readonly value: Buffer
}

export function writeChat(bus: Bus, to: number, chat: ChatRecord, fields: readonly EncodedField[]): void {
  let bytes: number = Chat.BODY
  for (const { name, value } of fields) bytes += 1 + name.length + value.length
  let at = bus.begin(to, Chat.KIND, bytes)
  const { block } = bus
  block[at + Chat.SCOPE] = chat.scope
  block[at + Chat.FIELDS] = fields.length
  block.writeUInt32LE(chat.seq, at + Chat.SEQ)
  writeId(block, at + Chat.TARGET, chat.target)
  writeId(block, at + Chat.UID, chat.uid)
  writeId(block, at + Chat.SID, chat.sid)
  writeId(block, at + Chat.CID, chat.cid)
  block.writeUInt32LE(chat.level, at + Chat.LEVEL)
  at += Chat.BODY
  for (const { name, value } of fields) {
    block[at] = 0xa0 | name.length
    at += 1 + block.write(name, at + 1, 'latin1')
    at += value.copy(block, at)
  }
  bus.end()
}

/** @param into is filled, so that nothing is allocated @returns where the encoded fields begin; they end with the record */
export function readChat(block: Buffer, start: number, into: ChatRecord): number {
  into.scope = block[start + Chat.SCOPE] as ChatScope
  into.fieldCount = block[start + Chat.FIELDS]!
  into.seq = block.readUInt32LE(start + Chat.SEQ)
  into.target = readId(block, start + Chat.TARGET)
  into.uid = readId(block, start + Chat.UID)
  into.sid = readId(block, start + Chat.SID)
  into.cid = readId(block, start + Chat.CID)
  into.level = block.readUInt32LE(start + Chat.LEVEL)
  return start + Chat.BODY
}

/**
 * Fanout: the owner of a topic asks a worker to deliver one ready frame to its sessions in that topic.
 *
 *    0       8           12
 *    | topic | data kind | frame      `topic` is the owner's number for it, u64 big-endian
 */
const Fanout = { KIND: 4, TOPIC: 0, DATA_KIND: 8, FRAME: 12 } as const

export function writeFanout(bus: Bus, to: number, topic: number, dataKind: number, frame: Buffer): void {
  const at = bus.begin(to, Fanout.KIND, Fanout.FRAME + frame.length)
  writeId(bus.block, at + Fanout.TOPIC, topic)
  bus.block.writeUInt32LE(dataKind, at + Fanout.DATA_KIND)
  frame.copy(bus.block, at + Fanout.FRAME)
  bus.end()
}

export function readFanout(block: Buffer, start: number): { topic: number; dataKind: number; frameAt: number } {
  return {
    topic: readId(block, start + Fanout.TOPIC) as number,
    dataKind: block.readUInt32LE(start + Fanout.DATA_KIND),
    frameAt: start + Fanout.FRAME,
  }
}

/**
 * Deliver: one ready frame for the session on one connection; gone with the connection.
 *
 *    0     8           12
 *    | cid | data kind | frame
 */
const Deliver = { KIND: 5, CID: 0, DATA_KIND: 8, FRAME: 12 } as const

export function writeDeliver(bus: Bus, to: number, cid: Id, dataKind: number, frame: Buffer): void {
  const at = bus.begin(to, Deliver.KIND, Deliver.FRAME + frame.length)
  writeId(bus.block, at + Deliver.CID, cid)
  bus.block.writeUInt32LE(dataKind, at + Deliver.DATA_KIND)
  frame.copy(bus.block, at + Deliver.FRAME)
  bus.end()
}

export function readDeliver(block: Buffer, start: number): { cid: Id; dataKind: number; frameAt: number } {
  return {
    cid: readId(block, start + Deliver.CID),
    dataKind: block.readUInt32LE(start + Deliver.DATA_KIND),
    frameAt: start + Deliver.FRAME,
  }
}

export const RecordKind = { ...CallKind, CHAT: Chat.KIND, FANOUT: Fanout.KIND, DELIVER: Deliver.KIND } as const
