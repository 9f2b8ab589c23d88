import { Packr, Unpackr } from 'msgpackr'
import { DEPTH_MAX } from './msgpack-scan.ts'

/**
 * Plain MessagePack that every language reads: no records, the shortest map header, ids as 64-bit integers and never as
 * floats (docs/engine.md, 7). One of each per thread.
 */
const packr = new Packr({ useRecords: false, variableMapSize: true, mapsAsObjects: true, encodeUndefinedAsNil: true })
const unpackr = new Unpackr({
  useRecords: false,
  mapsAsObjects: true,
  int64AsType: 'bigint',
  copyBuffers: true,
})

/** Encodes one of our own values. Integers above 2^32 become 64-bit integers, at any depth. */
export function packValue(value: unknown): Buffer {
  return packr.pack(asIntegers(value, 0)) as Buffer
}

/** The same for a client's value. @returns undefined if it is too deep, or an integer does not fit into 64 bits */
export function packForeign(value: unknown): Buffer | undefined {
  try {
    return packValue(value)
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

/** Decodes one trusted or checked value (`skipValue`) into its own memory, also when `source` is shared memory. */
export function unpackValue(source: Buffer, start: number, end: number): unknown {
  return unpackr.unpack(Buffer.from(source.subarray(start, end)))
}

/** msgpackr writes a number above 2^32 as a float; as a bigint it becomes an integer. @throws RangeError when too deep */
function asIntegers(value: unknown, depth: number): unknown {
  if (typeof value === 'number')
    return Number.isSafeInteger(value) && Math.abs(value) > 0xffff_ffff ? BigInt(value) : value
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  if (depth > DEPTH_MAX) throw new RangeError('a value is nested too deep')
  if (Array.isArray(value)) return value.map(item => asIntegers(item, depth + 1))
  const copy: Record<string, unknown> = {}
  for (const key of Object.keys(value)) {
    const field = (value as Record<string, unknown>)[key]
    if (field !== undefined) copy[key] = asIntegers(field, depth + 1)
  }
  return copy
}
