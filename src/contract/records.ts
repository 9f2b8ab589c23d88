import type { Bus } from '../bus/bus.ts'
import { type Cid, type Gid, type Id, type Rid, readId, type Sid, type Uid, writeId } from '../util/id.ts'
import { CallKind } from './calls.ts'
import type { SessionAddress } from './methods.ts'
import type { StoredMark, StoredOf, StoredScope } from './stored.ts'

/**
 * Chat: a session's worker asks the home of a user, group or room to deliver a chat.
 *
 *    0       1        4     8        16    24    32    40      48
 *    | scope | fields | seq | target | uid | sid | cid | level | text and data, `fields` fields, encoded
 *
 * seq and level are u32 little-endian, the ids u64 big-endian (util/id.ts).
 */
export const ChatScope = { USER: 0, GROUP: 1, ROOM: 2 } as const
export type ChatScope = (typeof ChatScope)[keyof typeof ChatScope]

const ChatAt = {
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

/** One chat of a session. */
export interface Chat {
  readonly scope: ChatScope
  readonly seq: number
  readonly target: Uid | Gid | Rid
  readonly uid: Uid
  readonly sid: Sid
  readonly cid: Cid
  readonly level: number
}

/** The same, as its home reads it. One object is used again for every chat: valid until the next one is read. */
export interface ChatRecord {
  scope: ChatScope
  seq: number
  target: Id
  uid: Uid
  sid: Sid
  cid: Cid
  level: number
  /** The encoded fields, `fieldCount` of them, stand in `source` at `fieldsAt..end`. */
  fieldCount: number
  source: Buffer
  fieldsAt: number
  end: number
}

export function emptyChat(): ChatRecord {
  return {
    scope: ChatScope.USER,
    seq: 0,
    target: 0,
    uid: 0 as unknown as Uid,
    sid: 0 as unknown as Sid,
    cid: 0 as Cid,
    level: 0,
    fieldCount: 0,
    source: Buffer.alloc(0),
    fieldsAt: 0,
    end: 0,
  }
}

/** A field name (ASCII, up to 31 bytes) with its encoded value. */
export interface EncodedField {
  readonly name: string
  readonly value: Buffer
}

export function writeChat(bus: Bus, to: number, chat: Chat, fields: readonly EncodedField[]): void {
  let bytes: number = ChatAt.BODY
  for (const { name, value } of fields) bytes += 1 + name.length + value.length
  let at = bus.begin(to, ChatAt.KIND, bytes)
  const { block } = bus
  block[at + ChatAt.SCOPE] = chat.scope
  block[at + ChatAt.FIELDS] = fields.length
  block.writeUInt32LE(chat.seq, at + ChatAt.SEQ)
  writeId(block, at + ChatAt.TARGET, chat.target)
  writeId(block, at + ChatAt.UID, chat.uid)
  writeId(block, at + ChatAt.SID, chat.sid)
  writeId(block, at + ChatAt.CID, chat.cid)
  block.writeUInt32LE(chat.level, at + ChatAt.LEVEL)
  at += ChatAt.BODY
  for (const { name, value } of fields) {
    block[at] = 0xa0 | name.length
    at += 1 + block.write(name, at + 1, 'latin1')
    at += value.copy(block, at)
  }
  bus.end()
}

/** @param into gets the fields, so that nothing is allocated */
export function readChat(block: Buffer, start: number, end: number, into: ChatRecord): void {
  into.scope = block[start + ChatAt.SCOPE] as ChatScope
  into.fieldCount = block[start + ChatAt.FIELDS]!
  into.seq = block.readUInt32LE(start + ChatAt.SEQ)
  into.target = readId(block, start + ChatAt.TARGET)
  into.uid = readId(block, start + ChatAt.UID) as Uid
  into.sid = readId(block, start + ChatAt.SID) as Sid
  into.cid = readId(block, start + ChatAt.CID) as Cid
  into.level = block.readUInt32LE(start + ChatAt.LEVEL)
  into.source = block
  into.fieldsAt = start + ChatAt.BODY
  into.end = end
}

/**
 * Fanout: the home of a topic asks a worker to deliver one ready frame to its sessions in that topic.
 *
 *    0       8           12        16
 *    | topic | data kind | members | frame      `topic` is its home's number for it, u64 big-endian
 *
 * `members`: how many sessions it is for, as its home knows; what counts when nobody reads it any more.
 */
const Fanout = { KIND: 4, TOPIC: 0, DATA_KIND: 8, MEMBERS: 12, FRAME: 16 } as const

/** To whom frames go: the sessions of a topic. */
export interface FanoutTo {
  readonly topic: number
  /** How many there are at each worker. */
  readonly workers: readonly number[]
}

export function writeFanout(bus: Bus, to: number, { topic, workers }: FanoutTo, dataKind: number, frame: Buffer): void {
  const at = bus.begin(to, Fanout.KIND, Fanout.FRAME + frame.length)
  writeId(bus.block, at + Fanout.TOPIC, topic)
  bus.block.writeUInt32LE(dataKind, at + Fanout.DATA_KIND)
  bus.block.writeUInt32LE(workers[to]!, at + Fanout.MEMBERS)
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

/** @param kind of a FANOUT or a STORED_FANOUT */
export function membersOfFanout(kind: number, block: Buffer, start: number): number {
  return block.readUInt32LE(start + (kind === Fanout.KIND ? Fanout.MEMBERS : StoredFanout.MEMBERS))
}

/**
 * Deliver: one ready frame for the session on one connection; gone with the connection.
 *
 *    0     8           12
 *    | cid | data kind | frame
 */
const Deliver = { KIND: 5, CID: 0, DATA_KIND: 8, FRAME: 12 } as const

export function writeDeliver(bus: Bus, to: number, cid: Cid, dataKind: number, frame: Buffer): void {
  const at = bus.begin(to, Deliver.KIND, Deliver.FRAME + frame.length)
  writeId(bus.block, at + Deliver.CID, cid)
  bus.block.writeUInt32LE(dataKind, at + Deliver.DATA_KIND)
  frame.copy(bus.block, at + Deliver.FRAME)
  bus.end()
}

export function readDeliver(block: Buffer, start: number): { cid: Cid; dataKind: number; frameAt: number } {
  return {
    cid: readId(block, start + Deliver.CID) as Cid,
    dataKind: block.readUInt32LE(start + Deliver.DATA_KIND),
    frameAt: start + Deliver.FRAME,
  }
}

/**
 * Stored fanout: the same as Fanout for a push that is stored; what sessions have had of them is noted.
 *
 *    0       8       16        24          28        32
 *    | topic | msgid | ends at | data kind | members | frame      `ends at`: unix milliseconds, u64 big-endian
 */
const StoredFanout = { KIND: 8, TOPIC: 0, MSGID: 8, ENDS_AT: 16, DATA_KIND: 24, MEMBERS: 28, FRAME: 32 } as const

/** Which stored push it is. */
export interface StoredMessage {
  readonly msgid: number
  /** Unix milliseconds. */
  readonly endsAt: number
}

export function writeStoredFanout(
  bus: Bus,
  to: number,
  { topic, workers }: FanoutTo,
  { msgid, endsAt }: StoredMessage,
  dataKind: number,
  frame: Buffer,
): void {
  const at = bus.begin(to, StoredFanout.KIND, StoredFanout.FRAME + frame.length)
  writeId(bus.block, at + StoredFanout.TOPIC, topic)
  writeId(bus.block, at + StoredFanout.MSGID, msgid)
  writeId(bus.block, at + StoredFanout.ENDS_AT, endsAt)
  bus.block.writeUInt32LE(dataKind, at + StoredFanout.DATA_KIND)
  bus.block.writeUInt32LE(workers[to]!, at + StoredFanout.MEMBERS)
  frame.copy(bus.block, at + StoredFanout.FRAME)
  bus.end()
}

export function readStoredFanout(
  block: Buffer,
  start: number,
): { topic: number; stored: StoredMessage; dataKind: number; frameAt: number } {
  return {
    topic: readId(block, start + StoredFanout.TOPIC) as number,
    stored: {
      msgid: readId(block, start + StoredFanout.MSGID) as number,
      endsAt: readId(block, start + StoredFanout.ENDS_AT) as number,
    },
    dataKind: block.readUInt32LE(start + StoredFanout.DATA_KIND),
    frameAt: start + StoredFanout.FRAME,
  }
}

/**
 * Stored deliver: one stored push for the session on one connection, which may have had it before.
 *
 *    0     8    16      24        32          36      40
 *    | cid | of | msgid | ends at | data kind | scope | frame
 */
const StoredDeliver = {
  KIND: 9,
  CID: 0,
  OF: 8,
  MSGID: 16,
  ENDS_AT: 24,
  DATA_KIND: 32,
  SCOPE: 36,
  FRAME: 40,
} as const

export function writeStoredDeliver(
  bus: Bus,
  { worker, cid }: Pick<SessionAddress, 'worker' | 'cid'>,
  { scope, of, upTo, endsAt }: StoredMark,
  dataKind: number,
  frame: Buffer,
): void {
  const at = bus.begin(worker, StoredDeliver.KIND, StoredDeliver.FRAME + frame.length)
  writeId(bus.block, at + StoredDeliver.CID, cid)
  writeId(bus.block, at + StoredDeliver.OF, of)
  writeId(bus.block, at + StoredDeliver.MSGID, upTo)
  writeId(bus.block, at + StoredDeliver.ENDS_AT, endsAt)
  bus.block.writeUInt32LE(dataKind, at + StoredDeliver.DATA_KIND)
  bus.block.writeUInt32LE(scope, at + StoredDeliver.SCOPE)
  frame.copy(bus.block, at + StoredDeliver.FRAME)
  bus.end()
}

/** @returns with `mark`: up to this push */
export function readStoredDeliver(
  block: Buffer,
  start: number,
): { cid: Cid; mark: StoredMark; dataKind: number; frameAt: number } {
  return {
    cid: readId(block, start + StoredDeliver.CID) as Cid,
    mark: {
      scope: block.readUInt32LE(start + StoredDeliver.SCOPE) as StoredScope,
      of: readId(block, start + StoredDeliver.OF) as StoredOf,
      upTo: readId(block, start + StoredDeliver.MSGID) as number,
      endsAt: readId(block, start + StoredDeliver.ENDS_AT) as number,
    },
    dataKind: block.readUInt32LE(start + StoredDeliver.DATA_KIND),
    frameAt: start + StoredDeliver.FRAME,
  }
}

export const RecordKind = {
  ...CallKind,
  CHAT: ChatAt.KIND,
  FANOUT: Fanout.KIND,
  DELIVER: Deliver.KIND,
  STORED_FANOUT: StoredFanout.KIND,
  STORED_DELIVER: StoredDeliver.KIND,
} as const
