import type { Gid } from '../util/id.ts'
import { type BodyOf as BodyOfSpec, BodyReader, type BodySpec } from './body.ts'
import { Command } from './command.ts'
import { any, gid, gidOrNew, label, prose, rid, sid, text, title, token, uid, uidOrAll, uint32 } from './fields.ts'
import * as reply from './reply-field.ts'

/** When a client may send a request: `always`, even before ONLINE, or only when signed in. */
type When = 'always' | 'online'

export interface RequestRow {
  readonly body: BodySpec
  readonly when: When
  /** The fields of its ack besides `code` and `errmsg`. A refusal carries those that are known. */
  readonly ack: reply.ReplySpec
  /** What the ack means; shown in docs/protocol.md. */
  readonly doc?: string
}

/** What ONLINE-ACK says of this gateway, so that clients of all ages need not guess. */
export const features = ['ids'] as const
type Feature = (typeof features)[number]

/** What one session is held to. */
interface SessionLimits {
  readonly frameBytes: number
  readonly requestsPerSecond: number
  readonly rooms: number
}

const onDisk = 'On the disk.'

/** Rows that several requests share. */
const ofGroup = {
  body: { gid: gid.needed },
  when: 'online',
  ack: { uid: reply.uid, gid: reply.gid },
  doc: onDisk,
} as const
const ofMember = {
  body: { uid: uid.needed, gid: gid.needed },
  when: 'online',
  ack: { uid: reply.uid, gid: reply.gid },
  doc: onDisk,
} as const
const ofGag = {
  body: { uid: uidOrAll.optional, gid: gid.needed },
  when: 'online',
  ack: { uid: reply.uidOrAll, gid: reply.gid },
  doc: onDisk,
} as const
const ofOther = {
  body: { duid: uid.needed },
  when: 'online',
  ack: { suid: reply.uid, duid: reply.uid },
  doc: onDisk,
} as const
const ofRoom = { body: { rid: rid.needed }, when: 'online', ack: { uid: reply.uid, rid: reply.rid } } as const
const ofNotice = { body: { cmd: uint32.needed }, when: 'online', ack: { cmd: reply.uint32 } } as const
const said = { level: uint32.optional, text: text.optional, data: any.optional }

/** Every request that a client may send, and its ack. docs/protocol.md comes from it; a missing handler does not compile. */
export const requests = {
  [Command.ONLINE]: {
    body: {
      uid: uid.needed,
      sid: sid.needed,
      token: token.needed,
      app: label.optional,
      version: label.optional,
      terminal: label.optional,
      ids: label.optional,
    },
    when: 'always',
    ack: {
      uid: reply.uid,
      sid: reply.sid,
      heartbeat: reply.uint32,
      server: reply.field<string>('string'),
      features: reply.field<readonly Feature[]>('array of string'),
      limits: reply.field<SessionLimits>('{frameBytes, requestsPerSecond, rooms}'),
    },
    doc:
      'heartbeat: seconds between signs of life; server: its version; features: what it can do besides; limits: the longest ' +
      'frame, the most requests in a second (0: any number), the most rooms of a session',
  },
  [Command.OFFLINE]: { body: {}, when: 'online', ack: {}, doc: 'The gateway then closes the connection.' },
  [Command.PING]: { body: {}, when: 'always', ack: {}, doc: 'The answer to PING; it has no `code`.' },
  [Command.SUB]: ofNotice,
  [Command.UNSUB]: ofNotice,

  [Command.CHAT]: {
    body: { duid: uid.needed, ...said },
    when: 'online',
    ack: { suid: reply.uid, duid: reply.uid, msgid: reply.msgid },
  },
  [Command.BLACKLIST_ADD]: ofOther,
  [Command.BLACKLIST_DEL]: ofOther,
  [Command.GAG_ADD]: ofOther,
  [Command.GAG_DEL]: ofOther,

  [Command.GROUP_CREAT]: {
    body: { gid: gidOrNew.optional, name: title.optional, desc: prose.optional },
    when: 'online',
    ack: { uid: reply.uid, gid: reply.gid },
    doc: onDisk,
  },
  [Command.GROUP_DISMISS]: ofGroup,
  [Command.GROUP_JOIN]: {
    ...ofGroup,
    doc: 'The change is on disk. All sessions of the user now receive what is sent to the group.',
  },
  [Command.GROUP_QUIT]: ofGroup,
  [Command.GROUP_INVITE]: {
    body: { gid: gid.needed, to: uid.needed },
    when: 'online',
    ack: { uid: reply.uid, gid: reply.gid, to: reply.uid },
    doc: 'The gateway has sent the invitation to the sessions of `to`.',
  },
  [Command.GROUP_CHAT]: {
    body: { gid: gid.needed, ...said },
    when: 'online',
    ack: { uid: reply.uid, gid: reply.gid, msgid: reply.msgid },
  },
  [Command.GROUP_KICK]: ofMember,
  [Command.GROUP_GAG_ADD]: ofGag,
  [Command.GROUP_GAG_DEL]: ofGag,
  [Command.GROUP_BL_ADD]: ofMember,
  [Command.GROUP_BL_DEL]: ofMember,
  [Command.GROUP_MGR_ADD]: ofMember,
  [Command.GROUP_MGR_DEL]: ofMember,
  [Command.GROUP_USR_LIST]: {
    body: { gid: gid.needed, num: uint32.optional, after: uidOrAll.optional },
    when: 'online',
    ack: { gid: reply.gid, list: reply.members },
    doc: '`role`: 0 member, 1 manager, 2 owner. In the order of the uids: `num` members (0: 1000, the maximum) after `after`.',
  },

  [Command.GROUP_LIST]: {
    body: { num: uint32.optional, after: gidOrNew.optional },
    when: 'online',
    ack: { uid: reply.uid, list: reply.field<readonly { readonly gid: Gid }[]>('array of {gid}') },
    doc: 'The groups of the user in the order of the gids: `num` groups (0: 1000, the maximum) after `after`.',
  },

  [Command.ROOM_CREAT]: {
    body: { name: title.optional, desc: prose.optional },
    when: 'online',
    ack: { uid: reply.uid, rid: reply.rid },
    doc: 'The gateway has chosen `rid`. The room is on disk.',
  },
  [Command.ROOM_DISMISS]: { ...ofRoom, doc: onDisk },
  [Command.ROOM_JOIN]: {
    ...ofRoom,
    ack: { uid: reply.uid, rid: reply.rid, gid: reply.uint32 },
    doc: '`gid`: the sub-group.',
  },
  [Command.ROOM_QUIT]: ofRoom,
  [Command.ROOM_KICK]: { ...ofRoom, body: { uid: uid.needed, rid: rid.needed } },
  [Command.ROOM_CHAT]: {
    body: { rid: rid.needed, ...said },
    when: 'online',
    ack: { uid: reply.uid, rid: reply.rid, gid: reply.uint32, msgid: reply.msgid },
  },
} as const satisfies { readonly [command: number]: RequestRow }

export type Request = keyof typeof requests
export type BodyOf<R extends Request> = BodyOfSpec<(typeof requests)[R]['body']>
export type AckOf<R extends Request> = reply.FieldsOf<(typeof requests)[R]['ack']>

export interface RequestReader {
  readonly when: When
  readonly reader: BodyReader<BodySpec>
}

const readers = new Map<number, RequestReader>(
  Object.entries(requests).map(([command, row]) => [
    Number(command),
    { when: row.when, reader: new BodyReader<BodySpec>(row.body) },
  ]),
)

/** How to read the request; undefined when clients may not send this command. */
export function readerOf(command: number): RequestReader | undefined {
  return readers.get(command)
}
