import { isUtf8 } from 'node:buffer'
import { type Gid, type Id, type Rid, type Sid, toId, type Uid, type UidOrAll } from '../util/id.ts'
import { readInteger, stringStart } from './msgpack-scan.ts'
import { packForeign, packValue } from './msgpack-value.ts'

/** The bytes of one MessagePack value, passed on unchanged. Valid only while the handler of the frame runs. */
export type Raw = Buffer

/** Reads a field from MessagePack bytes at `at..end` or from a parsed JSON value; undefined: the type is wrong. */
export interface Kind<T> {
  readonly doc: string
  /** Whether nil is a value; otherwise nil means that the field is absent. */
  readonly takesNil?: true
  binary(source: Buffer, at: number, end: number): T | undefined
  json(value: unknown): T | undefined
}

export interface Field<T, Needed extends boolean> {
  readonly kind: Kind<T>
  readonly needed: Needed
}

/** 1..2^64-1. */
function idKind<T extends Id>(): Kind<T> {
  return {
    doc: 'id',
    binary: (source, at) => nonZero(toId(readInteger(source, at))) as T | undefined,
    json: value => nonZero(toId(value)) as T | undefined,
  }
}

/** 0..2^64-1: an id, or 0 for "everybody" or "the gateway chooses". */
function idOrZeroKind<T extends Id>(): Kind<T> {
  return {
    doc: 'id or 0',
    binary: (source, at) => toId(readInteger(source, at)) as T | undefined,
    json: value => toId(value) as T | undefined,
  }
}

const uintKind: Kind<number> = {
  doc: 'uint32',
  binary: (source, at) => uint(readInteger(source, at)),
  json: uint,
}

function stringKind(bytesMax: number): Kind<string> {
  return {
    doc: `string, up to ${bytesMax} bytes`,
    binary(source, at, end) {
      const start = stringStart(source, at)
      if (start < 0 || end - start > bytesMax || !isUtf8(source.subarray(start, end))) return undefined
      return source.toString('utf8', start, end)
    },
    json: value =>
      typeof value === 'string' && Buffer.byteLength(value) <= bytesMax ? value.toWellFormed() : undefined,
  }
}

/** A string, passed on without decoding it. */
const textKind: Kind<Raw> = {
  doc: 'string',
  binary(source, at, end) {
    const start = stringStart(source, at)
    return start < 0 || !isUtf8(source.subarray(start, end)) ? undefined : source.subarray(at, end)
  },
  json: value => (typeof value === 'string' ? packValue(value.toWellFormed()) : undefined),
}

/** Any value, passed on without decoding it. */
const anyKind: Kind<Raw> = {
  doc: 'any value',
  takesNil: true,
  binary: (source, at, end) => source.subarray(at, end),
  json: packForeign,
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
