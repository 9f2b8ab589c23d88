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
/** What is neither a request nor the answer to one. */
type Notice = Exclude<Command, Request | (typeof Command)[Ack] | typeof Command.PONG>

/** Every frame that the gateway sends of its own: docs/protocol.md is made from it. Acks are in requests.ts. */
export const outgoing: { readonly [C in Notice]: Outgoing } = {
  [Command.ERROR]: {
    fields: 'code errmsg',
    doc: 'The frame with this seq was no request: unknown command, flags, format.',
  },
  [Command.KICK]: {
    fields: 'code errmsg retry after',
    doc: 'The connection is closed after it. retry 1: come back, after so many milliseconds; 0: do not.',
  },
  [Command.GROUP_BC]: { fields: 'gid msgid level time expire data', doc: 'A push to the group.' },
  [Command.GROUP_JOIN_NTF]: { fields: userOfGroup, doc: 'uid became a member.' },
  [Command.GROUP_QUIT_NTF]: { fields: userOfGroup, doc: 'uid left.' },
  [Command.GROUP_KICK_NTF]: { fields: userOfGroup, doc: 'uid was removed.' },
  [Command.GROUP_GAG_ADD_NTF]: { fields: userOfGroup, doc: 'uid may not speak; 0: nobody may.' },
  [Command.GROUP_GAG_DEL_NTF]: { fields: userOfGroup, doc: 'That is lifted.' },
  [Command.GROUP_BL_ADD_NTF]: { fields: userOfGroup, doc: 'uid was put on the blacklist, and removed if a member.' },
  [Command.GROUP_BL_DEL_NTF]: { fields: userOfGroup, doc: 'uid was taken off the blacklist.' },
  [Command.GROUP_MGR_ADD_NTF]: { fields: userOfGroup, doc: 'uid is a manager now.' },
  [Command.GROUP_MGR_DEL_NTF]: { fields: userOfGroup, doc: 'uid is a manager no more.' },
  [Command.GROUP_DISMISS_NTF]: { fields: userOfGroup, doc: 'The group is dismissed.' },
  [Command.ROOM_BC]: { fields: 'rid msgid level time expire data', doc: 'A push to the room.' },
  [Command.ROOM_USR_NUM]: {
    fields: 'rid num',
    doc: 'Sessions in the room; to those who subscribed, at most once a second.',
  },
  [Command.ROOM_LSN_STAT]: { fields: 'rid nid num', doc: 'The same for one listener.' },
  [Command.ROOM_JOIN_NTF]: { fields: userOfRoom, doc: 'uid joined; in rooms that are not large.' },
  [Command.ROOM_QUIT_NTF]: { fields: userOfRoom, doc: 'uid left; in rooms that are not large.' },
  [Command.ROOM_KICK_NTF]: { fields: userOfRoom, doc: 'uid was removed.' },
  [Command.ROOM_DISMISS_NTF]: { fields: userOfRoom, doc: 'The room is closed.' },
  [Command.BC]: { fields: 'msgid data', doc: 'A push to everybody or to an app.' },
  [Command.P2P]: { fields: 'msgid data', doc: 'A push to a user or to a session.' },
}
