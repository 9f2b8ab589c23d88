/**
 * Checks MessagePack without decoding it. All client data goes through here first. Nothing too deep or cut short, no
 * extension types and no keys other than strings and integers reach a decoder (msgpackr compiles code for inline records,
 * docs/engine.md, 7). Data that passes decodes without an error.
 */
export const DEPTH_MAX = 16

/** For types 0xc0..0xdf: how many bytes follow the type byte; -1: a length follows, or the type is not allowed. */
const FIXED = [
  0, -1, 0, 0, -1, -1, -1, -1, -1, -1, 4, 8, 1, 2, 4, 8, 1, 2, 4, 8, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
]

/** @returns the end of the value at `at`, or -1 if it is cut short, too deep, or an extension type */
export function skipValue(source: Buffer, at: number, end: number, depth = 0): number {
  if (at >= end || depth > DEPTH_MAX) return -1
  const type = source[at]!
  if (type < 0x80 || type >= 0xe0) return at + 1
  if (type < 0x90) return skipPairs(source, at + 1, end, type & 0x0f, depth)
  if (type < 0xa0) return skipMany(source, at + 1, end, type & 0x0f, depth)
  if (type < 0xc0) return within(at + 1 + (type & 0x1f), end)
  const fixed = FIXED[type - 0xc0]!
  if (fixed >= 0) return within(at + 1 + fixed, end)
  switch (type) {
    case 0xc4:
    case 0xd9:
      return at + 2 > end ? -1 : within(at + 2 + source[at + 1]!, end)
    case 0xc5:
    case 0xda:
      return at + 3 > end ? -1 : within(at + 3 + source.readUInt16BE(at + 1), end)
    case 0xc6:
    case 0xdb:
      return at + 5 > end ? -1 : within(at + 5 + source.readUInt32BE(at + 1), end)
    case 0xdc:
      return at + 3 > end ? -1 : skipMany(source, at + 3, end, source.readUInt16BE(at + 1), depth)
    case 0xdd:
      return at + 5 > end ? -1 : skipMany(source, at + 5, end, source.readUInt32BE(at + 1), depth)
    case 0xde:
      return at + 3 > end ? -1 : skipPairs(source, at + 3, end, source.readUInt16BE(at + 1), depth)
    case 0xdf:
      return at + 5 > end ? -1 : skipPairs(source, at + 5, end, source.readUInt32BE(at + 1), depth)
    default:
      return -1
  }
}

function within(next: number, end: number): number {
  return next <= end ? next : -1
}

function skipMany(source: Buffer, at: number, end: number, count: number, depth: number): number {
  if (count > end - at) return -1
  let next = at
  for (let i = 0; i < count; i++) {
    next = skipValue(source, next, end, depth + 1)
    if (next < 0) return -1
  }
  return next
}

/** Keys must be strings or integers: JSON has no others, and decoders trip over them. */
function skipPairs(source: Buffer, at: number, end: number, count: number, depth: number): number {
  if (count * 2 > end - at) return -1
  let next = at
  for (let i = 0; i < count; i++) {
    const type = source[next]!
    const isInteger = type < 0x80 || type >= 0xe0 || (type >= 0xcc && type <= 0xd3)
    if (next >= end || (!isInteger && stringStart(source, next) < 0)) return -1
    next = skipValue(source, next, end, depth + 1)
    if (next < 0) return -1
    next = skipValue(source, next, end, depth + 1)
    if (next < 0) return -1
  }
  return next
}

/** The number of pairs of the map at `at`, and the offset of its first key; undefined if it is not a map. */
export function mapHeader(source: Buffer, at: number, end: number): { pairs: number; first: number } | undefined {
  const type = at < end ? source[at]! : 0
  if (type >= 0x80 && type < 0x90) return { pairs: type & 0x0f, first: at + 1 }
  if (type === 0xde && at + 3 <= end) return { pairs: source.readUInt16BE(at + 1), first: at + 3 }
  if (type === 0xdf && at + 5 <= end) return { pairs: source.readUInt32BE(at + 1), first: at + 5 }
  return undefined
}

/** The offset of the content of the string at `at` (it ends where the value ends); -1 if it is not a string. */
export function stringStart(source: Buffer, at: number): number {
  const type = source[at]!
  if (type >= 0xa0 && type < 0xc0) return at + 1
  if (type === 0xd9) return at + 2
  if (type === 0xda) return at + 3
  return type === 0xdb ? at + 5 : -1
}

/** The integer at `at`; undefined if it is not one. A float64 with a safe integer counts: JavaScript encoders write
 *  integers above 2^32 that way. `skipValue` has checked the value, so its bytes are complete. */
export function readInteger(source: Buffer, at: number): number | bigint | undefined {
  const type = source[at]!
  if (type < 0x80) return type
  if (type >= 0xe0) return type - 0x100
  switch (type) {
    case 0xcc:
      return source[at + 1]!
    case 0xcd:
      return source.readUInt16BE(at + 1)
    case 0xce:
      return source.readUInt32BE(at + 1)
    case 0xcf:
      return source.readBigUInt64BE(at + 1)
    case 0xd0:
      return source.readInt8(at + 1)
    case 0xd1:
      return source.readInt16BE(at + 1)
    case 0xd2:
      return source.readInt32BE(at + 1)
    case 0xd3:
      return source.readBigInt64BE(at + 1)
    case 0xcb: {
      const value = source.readDoubleBE(at + 1)
      return Number.isSafeInteger(value) ? value : undefined
    }
    default:
      return undefined
  }
}
