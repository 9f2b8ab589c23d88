import { isIP } from 'node:net'
import { z } from 'zod'
import { parsePrecision } from '../statis/precision.ts'
import { type Id, parseId } from '../util/id.ts'

/** How each kind is read. A push has no time for a parser that is made for everything. */
const readers = new WeakMap<z.ZodType, (text: string) => unknown>()

/**
 * The kinds of parameters. They come as text; what a kind expects is the text of its error and of the documentation. Ids
 * and numbers are decimal digits and nothing else.
 */
function kind<T>(expected: string, read: (text: string) => T | undefined) {
  const schema = z.string().transform((text, context) => {
    const value = read(text)
    if (value !== undefined) return value
    context.addIssue({ code: 'custom', message: `expected ${expected}, got ${JSON.stringify(text.slice(0, 64))}` })
    return z.NEVER
  })
  readers.set(schema, read)
  return schema
}

/** The reader behind a parameter of a row, whether it may be absent or not. It gives undefined for what is none of its kind. */
export function readerOf(schema: z.ZodType): (text: string) => unknown {
  const reader = readers.get(schema instanceof z.ZodOptional ? (schema.unwrap() as z.ZodType) : schema)
  if (reader === undefined) throw new Error('a parameter of a route is of no kind of params.ts')
  return reader
}

function integer(min: number, max: number) {
  return kind(`an integer of ${min}..${max}`, text => {
    const value = /^[0-9]{1,16}$/.test(text) ? Number(text) : Number.NaN
    return value >= min && value <= max ? value : undefined
  })
}

/** 1..2^64-1 */
export const id = kind<Id>('an id of 1..18446744073709551615', text => {
  const value = parseId(text)
  return value === 0 ? undefined : value
})

/** A uid, or 0 for everybody. */
export const idOrZero = kind<Id>('an id of 0..18446744073709551615', parseId)

export const uint32 = integer(0, 0xffff_ffff)
/** Places of a sub-group, or members of a group. */
export const cap = integer(1, 0xffff_ffff)

/** Entries of a ranking. */
export const topNum = integer(1, 10_000)

/** Buckets of the online statistics. */
export const bucketNum = integer(1, 100_000)
export const port = integer(1, 65_535)

export const precision = kind('seconds (300, 300s), hours, days, weeks (1h, 1d, 1w), 1m or 1y', parsePrecision)

export const listenerType = kind<1 | 2>('1 (TCP) or 2 (WebSocket)', text =>
  text === '1' ? 1 : text === '2' ? 2 : undefined,
)
export const clientIp = kind('an IPv4 or IPv6 address', text => (isIP(text) === 0 ? undefined : text))

/** Seconds that a push stays valid: up to 30 days. */
export const expire = integer(0, 2_592_000)

function shortText(bytesMax: number) {
  return kind(`1..${bytesMax} bytes`, text => {
    const bytes = Buffer.byteLength(text)
    return bytes >= 1 && bytes <= bytesMax ? text : undefined
  })
}

export const appid = shortText(64)
export const version = shortText(64)
