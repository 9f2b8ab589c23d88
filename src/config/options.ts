import { isIP } from 'node:net'
import { availableParallelism } from 'node:os'
import { z } from 'zod'

/** One option: `env` and the flag are made from the key (`httpPort`, `IMGATE_HTTP_PORT`, `--http-port`). */
interface Row {
  readonly schema: z.ZodType
  readonly doc: string
  /** Whether a running gateway could take a new value; all others are fixed by what was opened or shared at the start. */
  readonly reloadable: boolean
}

const host = z
  .string()
  .transform(text => (text === 'localhost' ? '127.0.0.1' : text))
  .refine(text => isIP(text) !== 0, 'expected an IP address')
/** A number, or its decimal digits: nothing else becomes one. */
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
const port = integer(0, 65_535)
const list = z.union([z.array(z.string().min(1)), z.string().transform(commaSeparated)])
const powerOfTwo = integer(65_536, 1 << 28).refine(value => (value & (value - 1)) === 0, 'expected a power of two')

/** Every option. docs/options.md is generated from it. Units stand last in the name. */
export const optionRows = {
  httpHost: {
    schema: host.default('127.0.0.1'),
    doc: 'Address of the HTTP API and the WebSocket path `/im/ws`.',
    reloadable: false,
  },
  httpPort: { schema: port.default(8080), doc: 'Port of both; 0: any free one.', reloadable: false },
  tcpHost: { schema: host.default('127.0.0.1'), doc: 'Address for raw TCP clients.', reloadable: false },
  tcpPort: { schema: port.default(8081), doc: 'Port for raw TCP clients; 0: any free one.', reloadable: false },
  advertiseHost: {
    schema: z.string().refine(isHost, 'expected an IP address or a host name, without a port').default(''),
    doc: 'Address that iplist tells to devices; empty: the one listened on, or the first of the machine when that is any.',
    reloadable: true,
  },
  workers: {
    schema: integer(1, 256).default(availableParallelism()),
    doc: 'Worker threads; the processor count.',
    reloadable: false,
  },
  dataDir: {
    schema: z.string().min(1).default('./data'),
    doc: 'Folder of the LMDB environment; it and its files are for the user of the gateway alone.',
    reloadable: false,
  },
  logLevel: {
    schema: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
    doc: 'Least level that is logged.',
    reloadable: true,
  },
  apiKeys: {
    schema: list.default([]),
    doc: 'Keys of app servers, comma separated. Without any, only direct callers from this machine are answered.',
    reloadable: true,
  },
  nodeId: {
    schema: integer(1, 1_000_000).default(1),
    doc: 'Number of this process; its listeners are nid 10 n + type.',
    reloadable: false,
  },
  connectionsMax: {
    schema: integer(0, 10_000_000).default(0),
    doc: 'Most client connections in all; 0: what the limit of open files allows.',
    reloadable: true,
  },
  frameBytesMax: {
    schema: integer(1024, 16 << 20).default(65_536),
    doc: 'Longest frame of a client; longer closes.',
    reloadable: false,
  },
  pushBytesMax: { schema: integer(1, 16 << 20).default(65_536), doc: 'Longest body of a push.', reloadable: true },
  batchBytesMax: {
    schema: integer(1024, 1 << 28).default(8 << 20),
    doc: 'Longest body of a batch of pushes.',
    reloadable: true,
  },
  loginTimeoutMs: {
    schema: integer(50, 600_000).default(5000),
    doc: 'A connection that has not signed in is closed.',
    reloadable: true,
  },
  heartbeatMs: {
    schema: integer(50, 600_000).default(30_000),
    doc: 'How often a client shall say something; after three of them in silence it is closed.',
    reloadable: true,
  },
  tokenTtlS: {
    schema: integer(1, 31_536_000).default(86_400),
    doc: 'How long a token of iplist signs in.',
    reloadable: true,
  },
  writerBytesMax: {
    schema: integer(65_536, 1 << 30).default(1 << 20),
    doc: 'What may wait for one client that reads slowly; over it the client is closed with 4001.',
    reloadable: false,
  },
  flushHoldMaxMs: {
    schema: integer(0, 1000).default(20),
    doc: 'Longest time that a busy topic gathers messages into one write; 0: never holds.',
    reloadable: true,
  },
  roomCap: {
    schema: integer(1, 0xffff_ffff).default(10_000),
    doc: 'Places of a sub-group, when nothing else is set.',
    reloadable: true,
  },
  groupCap: {
    schema: integer(1, 0xffff_ffff).default(100_000),
    doc: 'Most members of a group, when nothing else is set.',
    reloadable: true,
  },
  roomsPerSessionMax: {
    schema: integer(1, 10_000).default(100),
    doc: 'Rooms that one session may be in.',
    reloadable: true,
  },
  requestsOpenMax: {
    schema: integer(1, 100_000).default(64),
    doc: 'Requests of one session that may wait for their ack. Over it a raw TCP client is not read from, a WebSocket client hears 10009.',
    reloadable: true,
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
  sidUnusedMaxS: {
    schema: integer(0, 315_360_000).default(0),
    doc: 'Seconds after which a registration is forgotten that no device signs in with; 0: never. Not below `tokenTtlS`.',
    reloadable: true,
  },
  noticeMembersMax: {
    schema: integer(0, 100_000).default(100),
    doc: 'Join and quit notices go out in rooms up to this size.',
    reloadable: true,
  },
  callTimeoutMs: {
    schema: integer(100, 60_000).default(5000),
    doc: 'How long a worker waits for another one.',
    reloadable: true,
  },
  ipDatabase: {
    schema: z.string().default(''),
    doc: 'MMDB file with nations and operators, to give devices the nearest addresses; empty: by load alone.',
    reloadable: false,
  },
  drainTimeoutMs: { schema: integer(100, 600_000).default(10_000), doc: 'How long a stop may take.', reloadable: true },
  ringBytes: {
    schema: powerOfTwo.default(1 << 20),
    doc: 'Size of the ring between two workers; a power of two.',
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

/** Empty stands for "not set". */
function isHost(text: string): boolean {
  return text === '' || isIP(text) !== 0 || /^[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9_])?$/.test(text)
}

function commaSeparated(text: string): string[] {
  return text
    .split(',')
    .map(part => part.trim())
    .filter(part => part !== '')
}
