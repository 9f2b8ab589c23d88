import { type Gid, type Id, parseId, type Rid, type Sid, toId, type Uid, type UidOrAll } from '../util/id.ts'
import { isText, readInteger, stringStart } from './msgpack-scan.ts'
import { packValue, UnpackableError } from './msgpack-value.ts'

/** The bytes of one MessagePack value, passed on unchanged. Valid only while the handler of the frame runs. */
export type Raw = Buffer

/** Reads a field from MessagePack bytes at `at..end` or from a parsed JSON value; undefined: the type is wrong. */
export interface Kind<T> {
  readonly doc: string
  /** In the words of an error: "expected an id". */
  readonly expected: string
  /** Whether nil is a value; else it means that the field is absent. */
  readonly takesNil?: true
  binary(source: Buffer, at: number, end: number): T | undefined
  json(value: unknown): T | undefined
  /** Others get it as it came: `binary` is asked only for what `checkValue` lets pass. */
  readonly isPassedOn?: true
  /** What more there is to say of a JSON value that was refused: "expected this, got that". */
  whyNot?(value: unknown): string | undefined
}

export interface Field<T, Needed extends boolean> {
  readonly kind: Kind<T>
  readonly needed: Needed
}

/** 1..2^64-1. */
function idKind<T extends Id>(): Kind<T> {
  return {
    doc: 'id',
    expected: 'an id',
    binary: (source, at, end) => nonZero(binaryId(source, at, end)) as T | undefined,
    json: value => nonZero(jsonId(value)) as T | undefined,
  }
}

/** 0..2^64-1: an id, or 0 for "everybody" or "the gateway chooses". */
function idOrZeroKind<T extends Id>(): Kind<T> {
  return {
    doc: 'id or 0',
    expected: 'an id or 0',
    binary: (source, at, end) => binaryId(source, at, end) as T | undefined,
    json: value => jsonId(value) as T | undefined,
  }
}

/** An integer, in whatever form other encoders write it, or its decimal digits as text. */
function binaryId(source: Buffer, at: number, end: number): Id | undefined {
  const start = stringStart(source, at)
  return start < 0 ? toId(readInteger(source, at)) : parseId(source.toString('latin1', start, end))
}

function jsonId(value: unknown): Id | undefined {
  return typeof value === 'string' ? parseId(value) : toId(value)
}

const uintKind: Kind<number> = {
  doc: 'uint32',
  expected: 'an integer of 0..4294967295',
  binary: (source, at) => uint(readInteger(source, at)),
  json: uint,
}

function stringKind(bytesMax: number): Kind<string> {
  return {
    doc: `string, up to ${bytesMax} bytes`,
    expected: `text of up to ${bytesMax} bytes`,
    binary(source, at, end) {
      const start = stringStart(source, at)
      if (start < 0 || end - start > bytesMax || !isText(source, start, end)) return undefined
      return source.toString('utf8', start, end)
    },
    json: value =>
      typeof value === 'string' && Buffer.byteLength(value) <= bytesMax ? value.toWellFormed() : undefined,
  }
}

/** A string, passed on without decoding it. */
const textKind: Kind<Raw> = {
  doc: 'string',
  expected: 'text in UTF-8',
  binary(source, at, end) {
    const start = stringStart(source, at)
    return start < 0 || !isText(source, start, end) ? undefined : source.subarray(at, end)
  },
  json: value => (typeof value === 'string' ? packValue(value) : undefined),
}

/** Any value, passed on unread; what others' decoders would trip over is refused. */
const anyKind: Kind<Raw> = {
  doc: 'any value',
  expected: 'a value',
  takesNil: true,
  isPassedOn: true,
  binary: (source, at, end) => source.subarray(at, end),
  json: value => {
    const packed = packForeign(value)
    return packed instanceof UnpackableError ? undefined : packed
  },
  whyNot: value => {
    const packed = packForeign(value)
    return packed instanceof UnpackableError ? `expected ${packed.message}` : undefined
  },
}

/** @returns why it has no form, when it has none */
function packForeign(value: unknown): Raw | UnpackableError {
  try {
    return packValue(value)
  } catch (error) {
    if (error instanceof UnpackableError) return error
    throw error
  }
}

function nonZero(id: Id | undefined): Id | undefined {
  return id === 0 ? undefined : id
}

function uint(given: unknown): number | undefined {
  const value = typeof given === 'bigint' ? Number(given) : given
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff ? value : undefined
}

function both<T>(kind: Kind<T>) {
  return { needed: { kind, needed: true }, optional: { kind, needed: false } } as const satisfies {
    needed: Field<T, true>
    optional: Field<T, false>
  }
}

export const uid = both(idKind<Uid>())
export const sid = both(idKind<Sid>())
export const gid = both(idKind<Gid>())
export const rid = both(idKind<Rid>())
export const uidOrAll = both(idOrZeroKind<UidOrAll>())
export const gidOrNew = both(idOrZeroKind<Gid | 0>())
export const uint32 = both(uintKind)
export const token = both(stringKind(512))
export const label = both(stringKind(64))
export const title = both(stringKind(256))
export const prose = both(stringKind(4096))
export const text = both(textKind)
export const any = both(anyKind)
