import { Command } from './command.ts'
import type { Request } from './requests.ts'

interface Outgoing {
  /** Fields in the body, besides `code` and `errmsg` of an ack. */
  readonly fields: string
  readonly doc: string
}

const userOfRoom = 'uid rid'
const userOfGroup = 'uid gid'

/** Every frame that the gateway sends of its own, or as an ack: docs/protocol.md is generated from it. */
export const outgoing: { readonly [C in Exclude<Command, Request>]: Outgoing } = {
  [Command.ONLINE_ACK]: { fields: 'uid sid heartbeat', doc: 'heartbeat: seconds between signs of life' },
  [Command.OFFLINE_ACK]: { fields: '', doc: 'The connection is closed after it.' },
  [Command.PONG]: { fields: '', doc: 'Answers PING; it has no code.' },
  [Command.SUB_ACK]: { fields: 'cmd', doc: '' },
  [Command.UNSUB_ACK]: { fields: 'cmd', doc: '' },
  [Command.ERROR]: {
    fields: 'code errmsg',
    doc: 'The frame with this seq was no request: unknown command, flags, format.',
  },
  [Command.KICK]: {
    fields: 'code errmsg retry after',
    doc: 'The connection is closed after it. retry 1: come back, after so many milliseconds; 0: do not.',
  },
  [Command.CHAT_ACK]: { fields: 'suid duid msgid', doc: '' },
  [Command.BLACKLIST_ADD_ACK]: { fields: 'suid duid', doc: 'On the disk.' },
  [Command.BLACKLIST_DEL_ACK]: { fields: 'suid duid', doc: 'On the disk.' },
  [Command.GAG_ADD_ACK]: { fields: 'suid duid', doc: 'On the disk.' },
  [Command.GAG_DEL_ACK]: { fields: 'suid duid', doc: 'On the disk.' },
  [Command.GROUP_CREAT_ACK]: { fields: userOfGroup, doc: 'On the disk.' },
  [Command.GROUP_DISMISS_ACK]: { fields: userOfGroup, doc: 'On the disk.' },
  [Command.GROUP_JOIN_ACK]: {
    fields: userOfGroup,
    doc: 'On the disk; every session of the user gets what the group says.',
  },
  [Command.GROUP_QUIT_ACK]: { fields: userOfGroup, doc: 'On the disk.' },
  [Command.GROUP_INVITE_ACK]: { fields: 'uid gid to', doc: 'The invitation was sent to the sessions of `to`.' },
  [Command.GROUP_CHAT_ACK]: { fields: 'uid gid msgid', doc: '' },
  [Command.GROUP_KICK_ACK]: { fields: userOfGroup, doc: 'On the disk.' },
  [Command.GROUP_GAG_ADD_ACK]: { fields: userOfGroup, doc: 'On the disk.' },
  [Command.GROUP_GAG_DEL_ACK]: { fields: userOfGroup, doc: 'On the disk.' },
  [Command.GROUP_BL_ADD_ACK]: { fields: userOfGroup, doc: 'On the disk.' },
  [Command.GROUP_BL_DEL_ACK]: { fields: userOfGroup, doc: 'On the disk.' },
  [Command.GROUP_MGR_ADD_ACK]: { fields: userOfGroup, doc: 'On the disk.' },
  [Command.GROUP_MGR_DEL_ACK]: { fields: userOfGroup, doc: 'On the disk.' },
  [Command.GROUP_USR_LIST_ACK]: { fields: 'gid list', doc: 'list: of {uid, role}; role 0 member, 1 manager, 2 owner' },
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
  [Command.ROOM_CREAT_ACK]: { fields: userOfRoom, doc: 'rid: chosen by the gateway. On the disk.' },
  [Command.ROOM_DISMISS_ACK]: { fields: userOfRoom, doc: 'On the disk.' },
  [Command.ROOM_JOIN_ACK]: { fields: 'uid rid gid', doc: 'gid: the sub-group' },
  [Command.ROOM_QUIT_ACK]: { fields: userOfRoom, doc: '' },
  [Command.ROOM_KICK_ACK]: { fields: userOfRoom, doc: '' },
  [Command.ROOM_CHAT_ACK]: { fields: 'uid rid gid msgid', doc: '' },
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
