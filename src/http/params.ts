import { isIP } from 'node:net'
import { PAGE_MAX } from '../contract/page.ts'
import { parsePrecision } from '../stats/precision.ts'
import { type Gid, type Id, type Nid, parseId, type Rid, type Sid, type Uid, type UidOrAll } from '../util/id.ts'
import { type About, type JsonSchema, Kind } from './kind.ts'

/** Reads the text of a parameter. @returns undefined when the value is invalid */
type Read<T> = (text: string) => T | undefined

/** A kind of parameter; its value arrives as text. Replies use those kinds too whose values look the same in JSON. */
export class Param<out T, out O extends boolean = boolean> extends Kind<T, O> {
  /** For the error text: "expected an integer of 1..65535". */
  readonly expected: string
  readonly read: Read<T>

  constructor(about: About, isOptional: O, expected: string, read: Read<T>) {
    super(about, isOptional)
    this.expected = expected
    this.read = read
  }

  override optional(): Param<T, true> {
    return new Param<T, true>(this.about, true, this.expected, this.read)
  }
}

export type Params = Readonly<Record<string, Param<unknown>>>

interface Details<T> {
  readonly expected: string
  /** For the documentation; by default `expected` without its article. */
  readonly words?: string
  readonly schema: JsonSchema
  readonly read: Read<T>
}

/** @returns a function that makes a parameter of this kind with a given meaning */
function kind<T>({ expected, words = expected.replace(/^an? /, ''), schema, read }: Details<T>) {
  return (meaning: string) => new Param<T, false>({ meaning, words, schema }, false, expected, read)
}

/** Decimal digits and nothing else. */
function integer(min: number, max: number) {
  return kind({
    expected: `an integer of ${min}..${max}`,
    schema: { type: 'integer', minimum: min, maximum: max },
    read: text => {
      const value = /^[0-9]{1,16}$/.test(text) ? Number(text) : Number.NaN
      return value >= min && value <= max ? value : undefined
    },
  })
}

function shortText(bytesMax: number) {
  return kind({
    expected: `1..${bytesMax} bytes`,
    words: `text of 1..${bytesMax} bytes`,
    // The schema counts characters, and each has at least one byte.
    schema: { type: 'string', minLength: 1, maxLength: bytesMax },
    read: text => {
      const bytes = Buffer.byteLength(text)
      return bytes >= 1 && bytes <= bytesMax ? text : undefined
    },
  })
}

const ID_MAX = 2n ** 64n - 1n
const SECONDS_OF_30_DAYS = 2_592_000

/** 1..2^64-1 */
function id<T extends Id>() {
  return kind<T>({
    expected: `an id of 1..${ID_MAX}`,
    words: `integer of 1..${ID_MAX}`,
    schema: { type: 'integer', format: 'uint64', minimum: 1, maximum: ID_MAX },
    read: text => {
      const value = parseId(text)
      return value === 0 ? undefined : (value as T | undefined)
    },
  })
}

export const userId = id<Uid>()
export const sessionId = id<Sid>()
export const groupId = id<Gid>()
export const roomId = id<Rid>()
export const nodeId = id<Nid>()
export const messageId = id<number>()

/** A user, or 0 for everybody. */
export const userIdOrAll = kind<UidOrAll>({
  expected: `an id of 0..${ID_MAX}`,
  words: `integer of 0..${ID_MAX}`,
  schema: { type: 'integer', format: 'uint64', minimum: 0, maximum: ID_MAX },
  read: text => parseId(text) as UidOrAll | undefined,
})

export const uint32 = integer(0, 0xffff_ffff)
/** Places in a sub-group, or members of a group. */
export const cap = integer(1, 0xffff_ffff)
/** Entries of one page of a list. */
export const pageNum = integer(1, PAGE_MAX)
/** Entries of a ranking. */
export const topNum = integer(1, 10_000)
/** Buckets of the online statistics. */
export const bucketNum = integer(1, 100_000)
export const port = integer(1, 65_535)
/** Seconds that a push stays valid. */
export const expire = integer(0, SECONDS_OF_30_DAYS)
export const appid = shortText(64)
export const version = shortText(64)

export const precision = kind({
  expected: 'seconds (300, 300s), hours, days, weeks (1h, 1d, 1w), 1m or 1y',
  schema: { type: ['integer', 'string'], minimum: 1, pattern: '^([0-9]{1,10}[shdw]?|1m|1y)$' },
  read: parsePrecision,
})

export const listenerType = kind<1 | 2>({
  expected: '1 (TCP) or 2 (WebSocket)',
  schema: { type: 'integer', enum: [1, 2] },
  read: text => (text === '1' ? 1 : text === '2' ? 2 : undefined),
})

export const ipAddress = kind({
  expected: 'an IPv4 or IPv6 address',
  schema: {
    anyOf: [
      { type: 'string', format: 'ipv4' },
      { type: 'string', format: 'ipv6' },
    ],
  },
  read: text => (isIP(text) === 0 ? undefined : text),
})
