/**
 * Ids (`uid sid rid gid nid`, `msgid`) are unsigned 64-bit integers, 1..2^64-1. In memory each has exactly one form:
 * a number when it is a safe integer, a bigint above, so that `===` and Map keys work without any conversion.
 */
export type Id = number | bigint

declare const kind: unique symbol
/** An id of one kind: the compiler refuses it where another kind is asked for. Nothing of it is there at run time. */
type IdOf<K extends string> = Id & { readonly [kind]: K }

/** A user. */
export type Uid = IdOf<'uid'>
/** A session: one registered device of a user. */
export type Sid = IdOf<'sid'>
/** A room. */
export type Rid = IdOf<'rid'>
/** A group. (The number of a sub-group, `gid` on the wire too, is a plain number.) */
export type Gid = IdOf<'gid'>
/** A connection at one worker. */
export type Cid = number & { readonly [kind]: 'cid' }
/** A node: a listener or a forwarder. */
export type Nid = IdOf<'nid'>

/** In gags: a user, or 0: everybody. */
export type UidOrAll = Uid | 0

const MAX = 2n ** 64n - 1n
const TWO32 = 0x1_0000_0000

/** The one form of a value; undefined when it is not an integer of 0..2^64-1. Accepts what decoders produce. */
export function toId(value: unknown): Id | undefined {
  // Adding 0 makes one zero of the two.
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? value + 0 : undefined
  if (typeof value !== 'bigint' || value < 0n || value > MAX) return undefined
  return value <= 9007199254740991n ? Number(value) : value
}

/** Reads decimal digits and nothing else: no sign, space, exponent or hex. Undefined when out of 0..2^64-1. */
export function parseId(text: string): Id | undefined {
  if (!/^[0-9]{1,20}$/.test(text)) return undefined
  return text.length < 16 ? Number(text) : toId(BigInt(text))
}

/** The lower 32 bits, as an int32. */
export function lowOf(id: Id): number {
  return typeof id === 'number' ? id | 0 : Number(BigInt.asIntN(32, id))
}

/** The upper 32 bits, as an int32. */
export function highOf(id: Id): number {
  return typeof id === 'number' ? Math.floor(id / TWO32) | 0 : Number(BigInt.asIntN(32, id >> 32n))
}

/** A 32-bit mix of all 64 bits; equal ids give equal hashes on every thread. */
export function hashId(id: Id): number {
  let lo: number
  let hi: number
  if (typeof id === 'number') {
    lo = id >>> 0
    hi = Math.floor(id / TWO32)
  } else {
    lo = Number(id & 0xffff_ffffn)
    hi = Number(id >> 32n)
  }
  let h = Math.imul(lo ^ 0x9e37_79b9, 0x85eb_ca6b) ^ Math.imul(hi + 0x7f4a_7c15, 0xc2b2_ae35)
  h = Math.imul(h ^ (h >>> 15), 0x2c1b_3c6d)
  h = Math.imul(h ^ (h >>> 12), 0x297a_2d39)
  return (h ^ (h >>> 15)) >>> 0
}

/** Writes 8 bytes, big-endian: byte order is numeric order, so it serves as an LMDB key too. */
export function writeId(target: Buffer, offset: number, id: Id): number {
  if (typeof id === 'number') {
    target.writeUInt32BE(Math.floor(id / TWO32), offset)
    return target.writeUInt32BE(id >>> 0, offset + 4)
  }
  return target.writeBigUInt64BE(id, offset)
}

export function readId(source: Buffer, offset: number): Id {
  const hi = source.readUInt32BE(offset)
  if (hi < 0x20_0000) return hi * TWO32 + source.readUInt32BE(offset + 4)
  return source.readBigUInt64BE(offset)
}
