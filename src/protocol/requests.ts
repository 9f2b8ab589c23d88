import { type BodyOf as BodyOfSpec, BodyReader, type BodySpec } from './body.ts'
import { Command } from './command.ts'
import { any, id, idOrZero, label, prose, text, title, token, uint32 } from './fields.ts'

/** When a request is taken: `always`, also before ONLINE, or only from a signed-in session. */
type When = 'always' | 'online'
interface Row {
  readonly body: BodySpec
  readonly when: When
}

const user = { uid: id.needed, gid: id.needed }
const group = { gid: id.needed }
const room = { rid: id.needed }
const chat = { level: uint32.optional, text: text.optional, data: any.optional }

/** Every request that a client may send. docs/protocol.md is generated from it; a missing handler does not compile. */
export const requests = {
  [Command.ONLINE]: {
    body: {
      uid: id.needed,
      sid: id.needed,
      token: token.needed,
      app: label.optional,
      version: label.optional,
      terminal: label.optional,
    },
    when: 'always',
  },
  [Command.OFFLINE]: { body: {}, when: 'online' },
  [Command.PING]: { body: {}, when: 'always' },
  [Command.SUB]: { body: { cmd: uint32.needed }, when: 'online' },
  [Command.UNSUB]: { body: { cmd: uint32.needed }, when: 'online' },

  [Command.CHAT]: { body: { duid: id.needed, ...chat }, when: 'online' },
  [Command.BLACKLIST_ADD]: { body: { duid: id.needed }, when: 'online' },
  [Command.BLACKLIST_DEL]: { body: { duid: id.needed }, when: 'online' },
  [Command.GAG_ADD]: { body: { duid: id.needed }, when: 'online' },
  [Command.GAG_DEL]: { body: { duid: id.needed }, when: 'online' },

  [Command.GROUP_CREAT]: {
    body: { gid: idOrZero.optional, name: title.optional, desc: prose.optional },
    when: 'online',
  },
  [Command.GROUP_DISMISS]: { body: group, when: 'online' },
  [Command.GROUP_JOIN]: { body: group, when: 'online' },
  [Command.GROUP_QUIT]: { body: group, when: 'online' },
  [Command.GROUP_INVITE]: { body: { gid: id.needed, to: id.needed }, when: 'online' },
  [Command.GROUP_CHAT]: { body: { gid: id.needed, ...chat }, when: 'online' },
  [Command.GROUP_KICK]: { body: user, when: 'online' },
  [Command.GROUP_GAG_ADD]: { body: { uid: idOrZero.optional, gid: id.needed }, when: 'online' },
  [Command.GROUP_GAG_DEL]: { body: { uid: idOrZero.optional, gid: id.needed }, when: 'online' },
  [Command.GROUP_BL_ADD]: { body: user, when: 'online' },
  [Command.GROUP_BL_DEL]: { body: user, when: 'online' },
  [Command.GROUP_MGR_ADD]: { body: user, when: 'online' },
  [Command.GROUP_MGR_DEL]: { body: user, when: 'online' },
  [Command.GROUP_USR_LIST]: { body: { gid: id.needed, num: uint32.optional }, when: 'online' },

  [Command.ROOM_CREAT]: { body: { name: title.optional, desc: prose.optional }, when: 'online' },
  [Command.ROOM_DISMISS]: { body: room, when: 'online' },
  [Command.ROOM_JOIN]: { body: room, when: 'online' },
  [Command.ROOM_QUIT]: { body: room, when: 'online' },
  [Command.ROOM_KICK]: { body: { uid: id.needed, rid: id.needed }, when: 'online' },
  [Command.ROOM_CHAT]: { body: { rid: id.needed, ...chat }, when: 'online' },
} as const satisfies { readonly [command: number]: Row }

export type Request = keyof typeof requests
export type BodyOf<R extends Request> = BodyOfSpec<(typeof requests)[R]['body']>

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

/** How to read the request; undefined when the command is none that a client may send. */
export function readerOf(command: number): RequestReader | undefined {
  return readers.get(command)
}
