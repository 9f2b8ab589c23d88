import { isUtf8 } from 'node:buffer'

/**
 * Walks over MessagePack without decoding it. Whatever a client sent goes through here first: nothing deep and nothing cut
 * short goes further, and what is passed on to others holds nothing that their decoders trip over.
 */
export const DEPTH_MAX = 16

/** Why a value does not pass: what a walk returns instead of where the value ends. */
export const Flaw = {
  /** It ends before it is whole, or is no MessagePack. */
  CUT: -1,
  DEEP: -2,
  /** Text that is not UTF-8. */
  TEXT: -3,
  /** A reserved extension type, or a timestamp that is none. */
  EXTENSION: -4,
} as const

/** The bytes that follow the type byte of 0xc0..0xdf, when they are of a fixed number; -1: counted, or not allowed. */
const FIXED = [
  0, -1, 0, 0, -1, -1, -1, -1, -1, -1, 4, 8, 1, 2, 4, 8, 1, 2, 4, 8, 2, 3, 5, 9, 17, -1, -1, -1, -1, -1, -1, -1,
]

/** @returns where the value at `at` ends, or a Flaw: CUT or DEEP. What it is made of is not looked at. */
export function skipValue(source: Buffer, at: number, end: number): number {
  return walk(source, at, end, 0, false)
}

/**
 * The same for a value that is passed on to other clients. Text, keys among it, must be UTF-8; extension types are those
 * of applications (0..127) and timestamps (-1): the decoders of some languages refuse the others.
 */
export function checkValue(source: Buffer, at: number, end: number): number {
  return walk(source, at, end, 0, true)
}

function walk(source: Buffer, at: number, end: number, depth: number, strict: boolean): number {
  if (at >= end) return Flaw.CUT
  if (depth > DEPTH_MAX) return Flaw.DEEP
  const type = source[at]!
  if (type < 0x80 || type >= 0xe0) return at + 1
  if (type < 0x90) return walkMany(source, at + 1, end, (type & 0x0f) * 2, depth, strict)
  if (type < 0xa0) return walkMany(source, at + 1, end, type & 0x0f, depth, strict)
  if (type < 0xc0) return text(source, at + 1, at + 1 + (type & 0x1f), end, strict)
  const fixed = FIXED[type - 0xc0]!
  if (fixed >= 0) {
    const next = within(at + 1 + fixed, end)
    return strict && type >= 0xd4 && next > 0 ? extension(source, at + 1, at + 2, next) : next
  }
  switch (type) {
    case 0xc4:
      return at + 2 > end ? Flaw.CUT : within(at + 2 + source[at + 1]!, end)
    case 0xc5:
      return at + 3 > end ? Flaw.CUT : within(at + 3 + source.readUInt16BE(at + 1), end)
    case 0xc6:
      return at + 5 > end ? Flaw.CUT : within(at + 5 + source.readUInt32BE(at + 1), end)
    case 0xc7:
    case 0xc8:
    case 0xc9:
      return counted(source, at, end, strict)
    case 0xd9:
      return at + 2 > end ? Flaw.CUT : text(source, at + 2, at + 2 + source[at + 1]!, end, strict)
    case 0xda:
      return at + 3 > end ? Flaw.CUT : text(source, at + 3, at + 3 + source.readUInt16BE(at + 1), end, strict)
    case 0xdb:
      return at + 5 > end ? Flaw.CUT : text(source, at + 5, at + 5 + source.readUInt32BE(at + 1), end, strict)
    case 0xdc:
      return at + 3 > end ? Flaw.CUT : walkMany(source, at + 3, end, source.readUInt16BE(at + 1), depth, strict)
    case 0xdd:
      return at + 5 > end ? Flaw.CUT : walkMany(source, at + 5, end, source.readUInt32BE(at + 1), depth, strict)
    case 0xde:
      return at + 3 > end ? Flaw.CUT : walkMany(source, at + 3, end, source.readUInt16BE(at + 1) * 2, depth, strict)
    case 0xdf:
      return at + 5 > end ? Flaw.CUT : walkMany(source, at + 5, end, source.readUInt32BE(at + 1) * 2, depth, strict)
    default:
      return Flaw.CUT
  }
}

function within(next: number, end: number): number {
  return next <= end ? next : Flaw.CUT
}

/** The items of an array, or the keys and values of a map: keys may be anything. Each has a byte at least. */
function walkMany(source: Buffer, at: number, end: number, count: number, depth: number, strict: boolean): number {
  if (count > end - at) return Flaw.CUT
  let next = at
  for (let i = 0; i < count; i++) {
    next = walk(source, next, end, depth + 1, strict)
    if (next < 0) return next
  }
  return next
}

function text(source: Buffer, start: number, next: number, end: number, strict: boolean): number {
  if (next > end) return Flaw.CUT
  return strict && !isText(source, start, next) ? Flaw.TEXT : next
}

/** Up to so many bytes a loop is faster than asking the runtime (docs/performance.md). */
const LOOPED_BYTES_MAX = 256

/** Whether the bytes at `start..end` are UTF-8. Short ASCII costs neither a call nor memory. */
export function isText(source: Buffer, start: number, end: number): boolean {
  let at = start
  if (end - start <= LOOPED_BYTES_MAX) {
    while (at + 4 <= end && (source[at]! | source[at + 1]! | source[at + 2]! | source[at + 3]!) < 0x80) at += 4
    while (at < end && source[at]! < 0x80) at++
    if (at === end) return true
  }
  return isUtf8(source.subarray(at, end))
}

/** An extension whose length is counted: u8, u16 or u32, then the type. */
function counted(source: Buffer, at: number, end: number, strict: boolean): number {
  const width = 1 << (source[at]! - 0xc7)
  const typeAt = at + 1 + width
  if (typeAt >= end) return Flaw.CUT
  const next = typeAt + 1 + source.readUIntBE(at + 1, width)
  if (next > end) return Flaw.CUT
  return strict ? extension(source, typeAt, typeAt + 1, next) : next
}

const TIMESTAMP = -1
const NANOSECONDS_MAX = 999_999_999

function extension(source: Buffer, typeAt: number, start: number, next: number): number {
  const type = source.readInt8(typeAt)
  if (type >= 0) return next
  if (type !== TIMESTAMP) return Flaw.EXTENSION
  switch (next - start) {
    case 4:
      return next
    case 8:
      return source.readUInt32BE(start) >>> 2 > NANOSECONDS_MAX ? Flaw.EXTENSION : next
    case 12:
      return source.readUInt32BE(start) > NANOSECONDS_MAX ? Flaw.EXTENSION : next
    default:
      return Flaw.EXTENSION
  }
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

/** The integer at `at`; undefined when it is none. A float that holds a safe integer counts: JavaScript encoders write
 *  integers above 2^32 so, and others write every number as one. The value was walked over before, so its bytes are there. */
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
    case 0xca:
      return whole(source.readFloatBE(at + 1))
    case 0xcb:
      return whole(source.readDoubleBE(at + 1))
    default:
      return undefined
  }
}

/** Above 2^53 a float may stand for several integers. Adding 0 makes one zero of the two. */
function whole(value: number): number | undefined {
  return Number.isSafeInteger(value) ? value + 0 : undefined
}
