import { readFileSync } from 'node:fs'

/** The commands of the client protocol at 0.1.0, written out from its contract and not taken from the product: their numbers stay. */
export const COMMANDS = {
  ONLINE: 0x0101,
  'ONLINE-ACK': 0x0102,
  OFFLINE: 0x0103,
  'OFFLINE-ACK': 0x0104,
  PING: 0x0105,
  PONG: 0x0106,
  SUB: 0x0107,
  'SUB-ACK': 0x0108,
  UNSUB: 0x0109,
  'UNSUB-ACK': 0x010a,
  ERROR: 0x010b,
  KICK: 0x0110,
  CHAT: 0x0201,
  'CHAT-ACK': 0x0202,
  'BLACKLIST-ADD': 0x0207,
  'BLACKLIST-ADD-ACK': 0x0208,
  'BLACKLIST-DEL': 0x0209,
  'BLACKLIST-DEL-ACK': 0x020a,
  'GAG-ADD': 0x020b,
  'GAG-ADD-ACK': 0x020c,
  'GAG-DEL': 0x020d,
  'GAG-DEL-ACK': 0x020e,
  'GROUP-CREAT': 0x0301,
  'GROUP-CREAT-ACK': 0x0302,
  'GROUP-DISMISS': 0x0303,
  'GROUP-DISMISS-ACK': 0x0304,
  'GROUP-JOIN': 0x0305,
  'GROUP-JOIN-ACK': 0x0306,
  'GROUP-QUIT': 0x0307,
  'GROUP-QUIT-ACK': 0x0308,
  'GROUP-INVITE': 0x0309,
  'GROUP-INVITE-ACK': 0x030a,
  'GROUP-CHAT': 0x030b,
  'GROUP-CHAT-ACK': 0x030c,
  'GROUP-KICK': 0x030d,
  'GROUP-KICK-ACK': 0x030e,
  'GROUP-GAG-ADD': 0x0310,
  'GROUP-GAG-ADD-ACK': 0x0311,
  'GROUP-GAG-DEL': 0x0312,
  'GROUP-GAG-DEL-ACK': 0x0313,
  'GROUP-BL-ADD': 0x0314,
  'GROUP-BL-ADD-ACK': 0x0315,
  'GROUP-BL-DEL': 0x0316,
  'GROUP-BL-DEL-ACK': 0x0317,
  'GROUP-MGR-ADD': 0x0318,
  'GROUP-MGR-ADD-ACK': 0x0319,
  'GROUP-MGR-DEL': 0x031a,
  'GROUP-MGR-DEL-ACK': 0x031b,
  'GROUP-USR-LIST': 0x031c,
  'GROUP-USR-LIST-ACK': 0x031d,
  'GROUP-BC': 0x0320,
  'GROUP-JOIN-NTF': 0x0350,
  'GROUP-QUIT-NTF': 0x0352,
  'GROUP-KICK-NTF': 0x0354,
  'GROUP-GAG-ADD-NTF': 0x0356,
  'GROUP-GAG-DEL-NTF': 0x0358,
  'GROUP-BL-ADD-NTF': 0x0360,
  'GROUP-BL-DEL-NTF': 0x0362,
  'GROUP-MGR-ADD-NTF': 0x0364,
  'GROUP-MGR-DEL-NTF': 0x0366,
  'GROUP-DISMISS-NTF': 0x0368,
  'ROOM-CREAT': 0x0401,
  'ROOM-CREAT-ACK': 0x0402,
  'ROOM-DISMISS': 0x0403,
  'ROOM-DISMISS-ACK': 0x0404,
  'ROOM-JOIN': 0x0405,
  'ROOM-JOIN-ACK': 0x0406,
  'ROOM-QUIT': 0x0407,
  'ROOM-QUIT-ACK': 0x0408,
  'ROOM-KICK': 0x0409,
  'ROOM-KICK-ACK': 0x040a,
  'ROOM-CHAT': 0x040b,
  'ROOM-CHAT-ACK': 0x040c,
  'ROOM-BC': 0x040d,
  'ROOM-USR-NUM': 0x0410,
  'ROOM-LSN-STAT': 0x0412,
  'ROOM-JOIN-NTF': 0x0450,
  'ROOM-QUIT-NTF': 0x0452,
  'ROOM-KICK-NTF': 0x0454,
  'ROOM-DISMISS-NTF': 0x0456,
  BC: 0x0501,
  P2P: 0x0503,
} as const

/** The commands that clients rely on since 0.1.0, and whatever else docs/protocol.md has. */
export type CommandName = keyof typeof COMMANDS | (string & {})

/** A row of a table of the page: `| 0x0405 | ROOM-JOIN | ...`. */
const ROW = /^\| 0x([0-9A-F]{4}) \| ([A-Z0-9-]+) \|/gm

/** The numbers as the author of a client reads them. */
const page = new Map<string, number>(
  Array.from(readFileSync('docs/protocol.md', 'utf8').matchAll(ROW), ([, number, name]) => [
    name!,
    Number.parseInt(number!, 16),
  ]),
)
for (const [name, number] of Object.entries(COMMANDS)) {
  if (page.get(name) !== number) throw new Error(`docs/protocol.md: ${name} is no longer ${number}: clients rely on it`)
}
const names = new Map(Array.from(page, ([name, number]) => [number, name]))

export function commandNumber(name: CommandName): number {
  const number = page.get(name)
  if (number === undefined) throw new Error(`docs/protocol.md has no command ${name}`)
  return number
}

export function isCommand(name: string): boolean {
  return page.has(name)
}

export function commandName(number: number): CommandName {
  const name = names.get(number)
  if (name === undefined) throw new Error(`the gateway sent command 0x${number.toString(16)}, which does not exist`)
  return name
}

/** The command that answers a request. */
export function ackOf(command: CommandName): CommandName {
  if (command === 'PING') return 'PONG'
  const ack = `${command}-ACK`
  if (!page.has(ack)) throw new Error(`${command} is not a request`)
  return ack
}
