import { Packr, Unpackr } from 'msgpackr'

/**
 * Plain MessagePack, as other languages read it: no records, the shortest map header, ids as integers of 64 bits and
 * never as floats (ENGINE.md section 5). One of each per thread.
 */
const packr = new Packr({ useRecords: false, variableMapSize: true, mapsAsObjects: true, encodeUndefinedAsNil: true })
const unpackr = new Unpackr({
  useRecords: false,
  mapsAsObjects: true,
  int64AsType: 'bigint',
  copyBuffers: true,
})

/** Encodes one value. Integers above 2^32 are written as 64-bit integers, wherever they stand in the value. */
export function packValue(value: unknown): Buffer {
  return packr.pack(asIntegers(value)) as Buffer
}

/** Decodes one trusted or scanned value (`skipValue`); its memory is its own, also when `source` is shared memory. */
export function unpackValue(source: Buffer, start: number, end: number): unknown {
  return unpackr.unpack(Buffer.from(source.subarray(start, end)))
}

/** msgpackr writes a number above 2^32 as a float; as a bigint it becomes an integer. */
function asIntegers(value: unknown): unknown {
  if (typeof value === 'number')
    return Number.isSafeInteger(value) && Math.abs(value) > 0xffff_ffff ? BigInt(value) : value
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  if (Array.isArray(value)) return value.map(asIntegers)
  const copy: Record<string, unknown> = {}
  for (const key of Object.keys(value)) {
    const field = (value as Record<string, unknown>)[key]
    if (field !== undefined) copy[key] = asIntegers(field)
  }
  return copy
}
