/** Commands of the client protocol, the same over WebSocket and raw TCP. An ack is always its request plus one. */
export const Command = {
  ONLINE: 0x0101,
  ONLINE_ACK: 0x0102,
  OFFLINE: 0x0103,
  OFFLINE_ACK: 0x0104,
  PING: 0x0105,
  PONG: 0x0106,
  SUB: 0x0107,
  SUB_ACK: 0x0108,
  UNSUB: 0x0109,
  UNSUB_ACK: 0x010a,
  ERROR: 0x010b,
  KICK: 0x0110,

  CHAT: 0x0201,
  CHAT_ACK: 0x0202,
  BLACKLIST_ADD: 0x0207,
  BLACKLIST_ADD_ACK: 0x0208,
  BLACKLIST_DEL: 0x0209,
  BLACKLIST_DEL_ACK: 0x020a,
  GAG_ADD: 0x020b,
  GAG_ADD_ACK: 0x020c,
  GAG_DEL: 0x020d,
  GAG_DEL_ACK: 0x020e,

  GROUP_CREAT: 0x0301,
  GROUP_CREAT_ACK: 0x0302,
  GROUP_DISMISS: 0x0303,
  GROUP_DISMISS_ACK: 0x0304,
  GROUP_JOIN: 0x0305,
  GROUP_JOIN_ACK: 0x0306,
  GROUP_QUIT: 0x0307,
  GROUP_QUIT_ACK: 0x0308,
  GROUP_INVITE: 0x0309,
  GROUP_INVITE_ACK: 0x030a,
  GROUP_CHAT: 0x030b,
  GROUP_CHAT_ACK: 0x030c,
  GROUP_KICK: 0x030d,
  GROUP_KICK_ACK: 0x030e,
  GROUP_GAG_ADD: 0x0310,
  GROUP_GAG_ADD_ACK: 0x0311,
  GROUP_GAG_DEL: 0x0312,
  GROUP_GAG_DEL_ACK: 0x0313,
  GROUP_BL_ADD: 0x0314,
  GROUP_BL_ADD_ACK: 0x0315,
  GROUP_BL_DEL: 0x0316,
  GROUP_BL_DEL_ACK: 0x0317,
  GROUP_MGR_ADD: 0x0318,
  GROUP_MGR_ADD_ACK: 0x0319,
  GROUP_MGR_DEL: 0x031a,
  GROUP_MGR_DEL_ACK: 0x031b,
  GROUP_USR_LIST: 0x031c,
  GROUP_USR_LIST_ACK: 0x031d,
  GROUP_BC: 0x0320,
  GROUP_LIST: 0x0321,
  GROUP_LIST_ACK: 0x0322,
  GROUP_JOIN_NTF: 0x0350,
  GROUP_QUIT_NTF: 0x0352,
  GROUP_KICK_NTF: 0x0354,
  GROUP_GAG_ADD_NTF: 0x0356,
  GROUP_GAG_DEL_NTF: 0x0358,
  GROUP_BL_ADD_NTF: 0x0360,
  GROUP_BL_DEL_NTF: 0x0362,
  GROUP_MGR_ADD_NTF: 0x0364,
  GROUP_MGR_DEL_NTF: 0x0366,
  GROUP_DISMISS_NTF: 0x0368,

  ROOM_CREAT: 0x0401,
  ROOM_CREAT_ACK: 0x0402,
  ROOM_DISMISS: 0x0403,
  ROOM_DISMISS_ACK: 0x0404,
  ROOM_JOIN: 0x0405,
  ROOM_JOIN_ACK: 0x0406,
  ROOM_QUIT: 0x0407,
  ROOM_QUIT_ACK: 0x0408,
  ROOM_KICK: 0x0409,
  ROOM_KICK_ACK: 0x040a,
  ROOM_CHAT: 0x040b,
  ROOM_CHAT_ACK: 0x040c,
  ROOM_BC: 0x040d,
  ROOM_USR_NUM: 0x0410,
  ROOM_LSN_STAT: 0x0412,
  ROOM_JOIN_NTF: 0x0450,
  ROOM_QUIT_NTF: 0x0452,
  ROOM_KICK_NTF: 0x0454,
  ROOM_DISMISS_NTF: 0x0456,

  BC: 0x0501,
  P2P: 0x0503,
} as const

export type Command = (typeof Command)[keyof typeof Command]

/** The name on the wire in JSON: `ROOM-CHAT-ACK`. */
export type CommandName = string

const names = new Map<number, CommandName>()
const ids = new Map<CommandName, Command>()
for (const [key, id] of Object.entries(Command)) {
  const name = key.replaceAll('_', '-')
  names.set(id, name)
  ids.set(name, id)
}

/** @returns undefined if no command has this number */
export function commandName(id: number): CommandName | undefined {
  return names.get(id)
}

export function commandOf(name: CommandName): Command | undefined {
  return ids.get(name)
}

/** The acknowledgement of a request. */
export function ackOf(request: Command): Command {
  return (request + 1) as Command
}
