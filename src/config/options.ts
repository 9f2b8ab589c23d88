import { isIP } from 'node:net'
import { availableParallelism } from 'node:os'
import { z } from 'zod'

/** One option. Its environment variable and flag come from its key (`httpPort`, `IMGATE_HTTP_PORT`, `--http-port`). */
interface Row {
  readonly schema: z.ZodType
  readonly doc: string
  /** Whether a running gateway could take a new value. The others fix what is opened or shared at the start. */
  readonly reloadable: boolean
}

const host = z
  .string()
  .transform(text => (text === 'localhost' ? '127.0.0.1' : text))
  .refine(text => isIP(text) !== 0, 'expected an IP address')
/** A number, or a text of its decimal digits; nothing else. */
const integer = (min: number, max: number) =>
  z
    .union(
      [
        z.number(),
        z
          .string()
          .regex(/^[0-9]{1,15}$/)
          .transform(Number),
      ],
      `expected an integer of ${min}..${max}`,
    )
    .refine(value => Number.isInteger(value) && value >= min && value <= max, `expected an integer of ${min}..${max}`)
/** Yes or no: 1 or 0, in a file also true or false. */
const yesOrNo = z
  .union([z.boolean(), z.literal([0, 1]), z.enum(['0', '1'])], 'expected 1 or 0')
  .transform(value => value === true || value === 1 || value === '1')
const port = integer(0, 65_535)
const list = z.union([z.array(z.string().min(1)), z.string().transform(commaSeparated)])
const powerOfTwo = integer(65_536, 1 << 28).refine(value => (value & (value - 1)) === 0, 'expected a power of two')

/** Every option; docs/options.md shows this table. Names end with their unit. */
export const optionRows = {
  httpHost: {
    schema: host.default('127.0.0.1'),
    doc: 'IP address to listen on for the HTTP API and WebSocket clients (`/im/ws`).',
    reloadable: false,
  },
  httpPort: { schema: port.default(8080), doc: 'Port for both; 0: any free port.', reloadable: false },
  tcpHost: {
    schema: host.default('127.0.0.1'),
    doc: 'IP address to listen on for raw TCP clients.',
    reloadable: false,
  },
  tcpPort: { schema: port.default(8081), doc: 'Port for raw TCP clients; 0: any free port.', reloadable: false },
  advertiseHost: {
    schema: z.string().refine(isHost, 'expected an IP address or a host name, without a port').default(''),
    doc:
      'Host that iplist gives to devices. Empty: the listening address; when that is 0.0.0.0 or ::, the first address of ' +
      'this machine.',
    reloadable: true,
  },
  workers: {
    schema: integer(1, 256).default(availableParallelism()),
    doc: 'Number of worker threads.',
    reloadable: false,
  },
  dataDir: {
    schema: z.string().min(1).default('./data'),
    doc: 'Folder for the LMDB data. Its files are readable only by the user that runs the gateway.',
    reloadable: false,
  },
  logLevel: {
    schema: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
    doc: 'Lowest level to log: trace, debug, info, warn, error, fatal or silent.',
    reloadable: true,
  },
  apiKeys: {
    schema: list.default([]),
    doc:
      'API keys for app servers, separated by commas. Without them the first start makes one and keeps it in the file ' +
      '`first-key` of the data folder; `imgate key show` shows it.',
    reloadable: true,
  },
  trustLoopback: {
    schema: yesOrNo.default(false),
    doc:
      '1: while no API key is set, direct callers on this machine need none, and no listener may have another address. ' +
      'A proxy on this machine may pass for such a caller, and lets in everybody.',
    reloadable: false,
  },
  nodeId: {
    schema: integer(1, 1_000_000).default(1),
    doc: 'Number of this process. The nid of its listeners is 10 * nodeId + 1 (TCP) and 10 * nodeId + 2 (WebSocket).',
    reloadable: false,
  },
  connectionsMax: {
    schema: integer(0, 10_000_000).default(0),
    doc:
      'Maximum number of clients over WebSocket and raw TCP, all workers together; 0: as many as the limit of open files ' +
      'allows, which is the most in any case. HTTP has places of its own.',
    reloadable: true,
  },
  frameBytesMax: {
    schema: integer(1024, 16 << 20).default(65_536),
    doc: 'Maximum length of a frame from a client. A longer one closes the connection.',
    reloadable: false,
  },
  pushBytesMax: {
    schema: integer(1, 16 << 20).default(65_536),
    doc: 'Maximum length of the body of a push.',
    reloadable: true,
  },
  storedBytesPerUserMax: {
    schema: integer(0, 1 << 30).default(1 << 20),
    doc: 'Bytes of valid pushes (`expire`) that are stored for one user. Over it a push is answered 10009.',
    reloadable: true,
  },
  storedBytesPerRoomMax: {
    schema: integer(0, 1 << 30).default(4 << 20),
    doc: 'The same for one room, for one group, and for everybody (with apps).',
    reloadable: true,
  },
  storedBytesMax: {
    schema: integer(0, 2 ** 40).default(256 << 20),
    doc: 'The same in all.',
    reloadable: true,
  },
  idempotencyKeysMax: {
    schema: integer(1, 100_000_000).default(1_000_000),
    doc:
      'How many idempotency keys each worker keeps for their five minutes. Over it a request with a new key is answered ' +
      '10009: to forget a key would deliver its push twice.',
    reloadable: true,
  },
  idempotencyBytesMax: {
    schema: integer(1024, 2 ** 40).default(256 << 20),
    doc: 'The same in bytes, with the replies kept.',
    reloadable: true,
  },
  batchBytesMax: {
    schema: integer(1024, 1 << 28).default(8 << 20),
    doc: 'Maximum length of the body of a batch of pushes.',
    reloadable: true,
  },
  loginTimeoutMs: {
    schema: integer(50, 600_000).default(5000),
    doc: 'A client that has not signed in by then is disconnected.',
    reloadable: true,
  },
  heartbeatMs: {
    schema: integer(50, 600_000).default(30_000),
    doc: 'Clients must send something at least this often; after three silent intervals they are disconnected.',
    reloadable: true,
  },
  pingIntervalMs: {
    schema: integer(0, 600_000).default(0),
    doc: 'How often the gateway pings WebSocket clients, whose pongs are signs of life; 0: never.',
    reloadable: false,
  },
  tokenTtlS: {
    schema: integer(1, 31_536_000).default(86_400),
    doc: 'How long a token from iplist is valid.',
    reloadable: true,
  },
  writerBytesMax: {
    schema: integer(65_536, 1 << 30).default(1 << 20),
    doc:
      'How much may wait for a client that reads slowly. Above it for a second, or above 8 times of it, the client is ' +
      'disconnected with 4001; see `slowClient`.',
    reloadable: false,
  },
  slowClient: {
    schema: z.enum(['close', 'drop-new']).default('close'),
    doc:
      'What becomes of a client that has been behind for a second. `close`: it is disconnected. `drop-new`: messages of rooms ' +
      'and pushes to apps and to everybody are dropped until it has read nearly all; what else is for it waits, and over ' +
      '`writerBytesMax` of that it is disconnected.',
    reloadable: true,
  },
  flushHoldMaxMs: {
    schema: integer(0, 1000).default(20),
    doc: 'How long a busy topic (a room, a group, an app) may gather messages into one write; 0: it never waits.',
    reloadable: true,
  },
  roomCap: {
    schema: integer(1, 0xffff_ffff).default(10_000),
    doc: 'Places in a sub-group of a room, unless the API sets another number.',
    reloadable: true,
  },
  groupCap: {
    schema: integer(1, 0xffff_ffff).default(100_000),
    doc: 'Maximum number of members in a group, unless the API sets another number.',
    reloadable: true,
  },
  roomsPerSessionMax: {
    schema: integer(1, 10_000).default(100),
    doc: 'Maximum number of rooms that one session may be in.',
    reloadable: true,
  },
  requestsOpenMax: {
    schema: integer(1, 100_000).default(64),
    doc: 'Requests of one session that may wait for their ack. Over it a raw TCP client is not read from, a WebSocket client hears 10009.',
    reloadable: true,
  },
  limits: {
    schema: z.enum(['enforce', 'observe', 'off']).default('enforce'),
    doc:
      '`enforce`: whoever is over a limit is refused. `observe`: it is counted and logged, and nobody is refused. `off`: nobody ' +
      'looks. It is about the limits from `connectionsPerIpMax` to `relationsPerUserMax` below.',
    reloadable: false,
  },
  connectionsPerIpMax: {
    schema: integer(0, 10_000_000).default(0),
    doc: 'Connections of clients from one IP address (IPv6: one /64 network), 10022 over it; 0: no limit.',
    reloadable: false,
  },
  connectsPerIpPerSecond: {
    schema: integer(0, 100_000).default(0),
    doc: 'Connects of clients from one IP address (IPv6: one /64 network) in a second, 10022 over it; 0: no limit.',
    reloadable: false,
  },
  badSignInsPerIpPerMinute: {
    schema: integer(0, 100_000).default(0),
    doc:
      'Sign-ins with a forged token from one IP address (IPv6: one /64 network) in a minute. After them nobody from there ' +
      'signs in until there is room again (10022, 4005); 0: no limit.',
    reloadable: false,
  },
  sessionsPerUidMax: {
    schema: integer(0, 1_000_000).default(0),
    doc: 'Sessions that one user may have online (10023 over it); 0: no limit. A sid that signs in again takes no place more.',
    reloadable: true,
  },
  creationsPerUserPerMinute: {
    schema: integer(0, 100_000).default(0),
    doc: 'Rooms and groups that one user may make with ROOM-CREAT and GROUP-CREAT in a minute (10023 over it); 0: no limit.',
    reloadable: false,
  },
  requestsPerSecond: {
    schema: integer(0, 100_000).default(0),
    doc:
      'Requests that a session may send in a second, at once or spread (10024 over it, and 4005 after ten seconds); 0: no ' +
      'limit.',
    reloadable: false,
  },
  requestBytesPerSecond: {
    schema: integer(0, 1 << 30).default(0),
    doc:
      'Bytes of requests that a session may send in a second, at once or spread. Over it a raw TCP client is not read from for ' +
      'a while, a WebSocket client hears 10024, and 4005 after ten seconds; 0: no limit.',
    reloadable: false,
  },
  httpRequestsPerKeyPerSecond: {
    schema: integer(0, 100_000).default(0),
    doc:
      'HTTP requests with one API key in a second (10024 over it, HTTP 429); 0: no limit. Without keys all callers are one. ' +
      'The probes do not count.',
    reloadable: false,
  },
  groupsPerUserMax: {
    schema: integer(0, 1_000_000).default(1000),
    doc: 'Groups that a client may bring its user into (10023 over it); 0: no limit. App servers are not limited.',
    reloadable: true,
  },
  relationsPerUserMax: {
    schema: integer(0, 1_000_000).default(5000),
    doc: 'Users that one user may block and mute, in all (10023 over it); 0: no limit.',
    reloadable: true,
  },
  overloadDelayMs: {
    schema: integer(0, 60_000).default(0),
    doc:
      'A worker whose timers run later than this is overloaded, and sheds new connections; joins too at twice, chats of level 0 ' +
      'too at four times this delay. 0: nothing is shed. Some 50 to 200 make sense.',
    reloadable: false,
  },
  readySheds: {
    schema: yesOrNo.default(false),
    doc: '1: `/readyz` answers 503 while a worker is overloaded. Else overload is only a reason in it, with 200.',
    reloadable: false,
  },
  sidUnusedMaxS: {
    schema: integer(0, 315_360_000).default(0),
    doc: 'Seconds after which a registration is forgotten that no device signs in with; 0: never. Not below `tokenTtlS`.',
    reloadable: true,
  },
  noticeMembersMax: {
    schema: integer(0, 100_000).default(100),
    doc: 'Rooms and groups with more sessions than this get no join and quit notices.',
    reloadable: true,
  },
  callTimeoutMs: {
    schema: integer(100, 60_000).default(5000),
    doc: 'How long a worker waits for an answer from another worker before it answers BUSY (10009).',
    reloadable: true,
  },
  ipDatabase: {
    schema: z.string().default(''),
    doc: 'MMDB file with nations and operators, so that iplist can put near addresses first; empty: by load alone.',
    reloadable: false,
  },
  drainTimeoutMs: {
    schema: integer(100, 600_000).default(10_000),
    doc: 'How long a stop may take before the process is killed.',
    reloadable: true,
  },
  ringBytes: {
    schema: powerOfTwo.default(1 << 20),
    doc: 'Size of each ring between two workers, in bytes; a power of two.',
    reloadable: false,
  },
} as const satisfies { readonly [key: string]: Row }

type OptionKey = keyof typeof optionRows
export type Options = { readonly [K in OptionKey]: z.output<(typeof optionRows)[K]['schema']> }

export const optionKeys = Object.keys(optionRows) as OptionKey[]

/** `httpPort` is `IMGATE_HTTP_PORT` in the environment. */
export function envName(key: string): string {
  return `IMGATE_${key.replace(/[A-Z]/g, '_$&').toUpperCase()}`
}

/** `httpPort` is `--http-port` on the command line. */
export function flagName(key: string): string {
  return `--${key.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`
}

/** Empty means "not set". */
function isHost(text: string): boolean {
  return text === '' || isIP(text) !== 0 || /^[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9_])?$/.test(text)
}

function commaSeparated(text: string): string[] {
  return text
    .split(',')
    .map(part => part.trim())
    .filter(part => part !== '')
}
