import { readInteger, stringStart } from './msgpack-scan.ts'

/** Of a text that came so many characters are told back. */
const SHOWN_MAX = 40

/** What came instead of what was expected, in a few words: never long, whatever it is. */
export function describeJson(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return describeText(value, Buffer.byteLength(value))
    case 'object':
      if (value === null) return 'null'
      return Array.isArray(value) ? 'an array' : 'an object'
    default:
      return String(value).slice(0, SHOWN_MAX)
  }
}

/** The same for the MessagePack at `at..end`, which may be anything. */
export function describeBinary(source: Buffer, at: number, end: number): string {
  if (at >= end) return 'nothing'
  const type = source[at]!
  const start = stringStart(source, at)
  if (start > end) return 'a part of a text'
  if (start >= 0) {
    const shown = source.toString('utf8', start, Math.min(end, start + SHOWN_MAX * 4))
    return describeText(shown, end - start)
  }
  if (type < 0x80 || type >= 0xe0) return String(readInteger(source, at))
  if (type < 0x90 || type === 0xde || type === 0xdf) return 'a map'
  if (type < 0xa0 || type === 0xdc || type === 0xdd) return 'an array'
  if (type === 0xc0) return 'nil'
  if (type === 0xc2 || type === 0xc3) return String(type === 0xc3)
  if (type >= 0xc4 && type <= 0xc6) return 'bytes'
  if (type === 0xca && at + 5 <= end) return String(source.readFloatBE(at + 1))
  if (type === 0xcb && at + 9 <= end) return String(source.readDoubleBE(at + 1))
  if (type >= 0xcc && type <= 0xd3 && at + 1 + (1 << (type & 3)) <= end) return String(readInteger(source, at))
  return type === 0xc1 || (type >= 0xca && type <= 0xd3) ? 'no MessagePack' : 'an extension type'
}

function describeText(text: string, bytes: number): string {
  if (text.length <= SHOWN_MAX) return JSON.stringify(text.toWellFormed())
  return `${JSON.stringify(`${text.slice(0, SHOWN_MAX).toWellFormed()}...`)} (${bytes} bytes)`
}
