import { Command } from './command.ts'
import type { Request } from './requests.ts'

interface Outgoing {
  /** Fields in the body. */
  readonly fields: string
  readonly doc: string
}

const userOfRoom = 'uid rid'
const userOfGroup = 'uid gid'

type Ack = Extract<CommandKey, `${string}_ACK`>
type CommandKey = keyof typeof Command
/** A command that is neither a request nor the answer to one. */
type Notice = Exclude<Command, Request | (typeof Command)[Ack] | typeof Command.PONG>

/** Every frame that the gateway sends on its own; docs/protocol.md shows this table. Acks are in requests.ts. */
export const outgoing: { readonly [C in Notice]: Outgoing } = {
  [Command.ERROR]: {
    fields: 'code errmsg',
    doc: 'The frame with this `seq` is not a valid request: unknown command, bad flags or format.',
  },
  [Command.KICK]: {
    fields: 'code errmsg retry after',
    doc: 'The gateway closes the connection next. `retry` 1: reconnect after `after` milliseconds; 0: do not reconnect.',
  },
  [Command.GROUP_BC]: { fields: 'gid msgid level time expire data', doc: 'A push to the group.' },
  [Command.GROUP_JOIN_NTF]: { fields: userOfGroup, doc: '`uid` became a member. Only in small groups, see below.' },
  [Command.GROUP_QUIT_NTF]: { fields: userOfGroup, doc: '`uid` left. Only in small groups, see below.' },
  [Command.GROUP_KICK_NTF]: { fields: userOfGroup, doc: '`uid` was removed.' },
  [Command.GROUP_GAG_ADD_NTF]: { fields: userOfGroup, doc: '`uid` is gagged; 0: everybody is.' },
  [Command.GROUP_GAG_DEL_NTF]: {
    fields: userOfGroup,
    doc: '`uid` is no longer gagged; 0: the gag of everybody ended.',
  },
  [Command.GROUP_BL_ADD_NTF]: { fields: userOfGroup, doc: '`uid` was blacklisted and, if a member, removed.' },
  [Command.GROUP_BL_DEL_NTF]: { fields: userOfGroup, doc: '`uid` was taken off the blacklist.' },
  [Command.GROUP_MGR_ADD_NTF]: { fields: userOfGroup, doc: '`uid` is now a manager.' },
  [Command.GROUP_MGR_DEL_NTF]: { fields: userOfGroup, doc: '`uid` is no longer a manager.' },
  [Command.GROUP_DISMISS_NTF]: { fields: userOfGroup, doc: 'The group was dismissed.' },
  [Command.ROOM_BC]: { fields: 'rid msgid level time expire data', doc: 'A push to the room.' },
  [Command.ROOM_USR_NUM]: {
    fields: 'rid num',
    doc: 'The number of sessions in the room, for subscribers (SUB). Sent when it changes, at most once a second.',
  },
  [Command.ROOM_LSN_STAT]: { fields: 'rid nid num', doc: 'The same for the sessions of one listener.' },
  [Command.ROOM_JOIN_NTF]: { fields: userOfRoom, doc: '`uid` joined. Only in small rooms, see below.' },
  [Command.ROOM_QUIT_NTF]: { fields: userOfRoom, doc: '`uid` left. Only in small rooms, see below.' },
  [Command.ROOM_KICK_NTF]: { fields: userOfRoom, doc: '`uid` was removed.' },
  [Command.ROOM_DISMISS_NTF]: { fields: userOfRoom, doc: 'The room was closed.' },
  [Command.BC]: { fields: 'msgid data', doc: 'A push to everybody or to an app.' },
  [Command.P2P]: { fields: 'msgid data', doc: 'A push to a user or to a session.' },
}
