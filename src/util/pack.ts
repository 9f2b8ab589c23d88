import { Packr, Unpackr } from 'msgpackr'

/**
 * How threads and the store write structured values: MessagePack in msgpackr's own habits (a number above 2^32 is a
 * float), which nobody outside reads. Ids come back in their one form, numbers up to 2^53 and bigints above.
 */
const packr = new Packr({ useRecords: false, variableMapSize: true })
const unpackr = new Unpackr({
  useRecords: false,
  mapsAsObjects: true,
  // 64-bit integers are bigints: ids below 2^53 are never written so, and keep their one form.
  int64AsType: 'bigint',
  copyBuffers: true,
})

/** @returns bytes that stay valid until they are copied; copy before the next tick. */
export function pack(value: unknown): Buffer {
  return packr.pack(value) as Buffer
}

/** The source may be shared memory: it is copied first, decoders do not expect bytes that could change. */
export function unpack(source: Buffer, start = 0, end = source.length): unknown {
  const own = Buffer.allocUnsafeSlow(end - start)
  source.copy(own, 0, start, end)
  return unpackr.unpack(own)
}
