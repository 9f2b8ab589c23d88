import { stringStart } from './msgpack-scan.ts'

/** What the bytes in the `data` of a push are, for clients that speak JSON. */
export const DataKind = { BYTES: 0, TEXT: 1, JSON: 2 } as const
export type DataKind = (typeof DataKind)[keyof typeof DataKind]

/** The fields that are ids, in quotes: `ids: "text"` has them as text, in the body and in the entries of its lists. */
const ID_FIELDS: ReadonlySet<string> = new Set(
  'uid sid rid gid nid suid duid to msgid'.split(' ').map(name => `"${name}"`),
)
const DATA = '"data"'
const TWO32 = 0x1_0000_0000
const SAFE_HIGH_MAX = 0x1f_ffff

/**
 * Turns MessagePack that was walked over (`skipValue`), or that is our own, into JSON text, without objects in between: so
 * no key means anything to it. Bytes are base64 text; extension types are `{"$ext": type, "data64": base64}`; a number that
 * is none is null. A key that is no text is the text of its JSON form. One for all: a call is over before the next.
 */
class JsonText {
  #source: Buffer = Buffer.alloc(0)
  #at = 0
  #dataKind: DataKind = DataKind.BYTES

  /** One value. */
  of(source: Buffer, at: number): string {
    this.#source = source
    this.#at = at
    return this.#value(false)
  }

  /** The body of a frame: `data` is what the kind says. */
  ofBody(source: Buffer, at: number, dataKind: DataKind, idsAsText: boolean): string {
    this.#source = source
    this.#at = at + 1
    this.#dataKind = dataKind
    const type = source[at]!
    if (type >= 0x80 && type < 0x90) return this.#map(type & 0x0f, idsAsText, true)
    this.#at = at
    return this.#value(false)
  }

  /** @param idsAsText it is our own word, to a client who wants ids as text; never within `data` */
  #value(idsAsText: boolean): string {
    const source = this.#source
    const type = source[this.#at++]!
    if (type < 0x80) return `${type}`
    if (type < 0x90) return this.#map(type & 0x0f, idsAsText, false)
    if (type < 0xa0) return this.#array(type & 0x0f, idsAsText)
    if (type < 0xc0) return this.#text(type & 0x1f)
    if (type >= 0xe0) return `${type - 0x100}`
    switch (type) {
      case 0xc2:
        return 'false'
      case 0xc3:
        return 'true'
      case 0xc4:
        return `"${this.#base64(this.#count(1))}"`
      case 0xc5:
        return `"${this.#base64(this.#count(2))}"`
      case 0xc6:
        return `"${this.#base64(this.#count(4))}"`
      case 0xc7:
        return this.#extension(this.#count(1))
      case 0xc8:
        return this.#extension(this.#count(2))
      case 0xc9:
        return this.#extension(this.#count(4))
      case 0xd4:
      case 0xd5:
      case 0xd6:
      case 0xd7:
      case 0xd8:
        return this.#extension(1 << (type - 0xd4))
      case 0xd9:
        return this.#text(this.#count(1))
      case 0xda:
        return this.#text(this.#count(2))
      case 0xdb:
        return this.#text(this.#count(4))
      case 0xdc:
        return this.#array(this.#count(2), idsAsText)
      case 0xdd:
        return this.#array(this.#count(4), idsAsText)
      case 0xde:
        return this.#map(this.#count(2), idsAsText, false)
      case 0xdf:
        return this.#map(this.#count(4), idsAsText, false)
      default:
        return this.#number(type)
    }
  }

  #number(type: number): string {
    const source = this.#source
    const at = this.#at
    switch (type) {
      case 0xca:
        this.#at += 4
        return finite(source.readFloatBE(at))
      case 0xcb:
        this.#at += 8
        return finite(source.readDoubleBE(at))
      case 0xcc:
      case 0xcd:
      case 0xce:
        return `${this.#count(1 << (type - 0xcc))}`
      case 0xcf: {
        this.#at += 8
        const high = source.readUInt32BE(at)
        if (high > SAFE_HIGH_MAX) return `${source.readBigUInt64BE(at)}`
        return `${high * TWO32 + source.readUInt32BE(at + 4)}`
      }
      case 0xd0:
        this.#at += 1
        return `${source.readInt8(at)}`
      case 0xd1:
        this.#at += 2
        return `${source.readInt16BE(at)}`
      case 0xd2:
        this.#at += 4
        return `${source.readInt32BE(at)}`
      case 0xd3:
        this.#at += 8
        return `${source.readBigInt64BE(at)}`
      default:
        return 'null'
    }
  }

  /** The unsigned number of so many bytes that comes next. */
  #count(width: number): number {
    const at = this.#at
    this.#at += width
    if (width === 1) return this.#source[at]!
    return width === 2 ? this.#source.readUInt16BE(at) : this.#source.readUInt32BE(at)
  }

  #text(bytes: number): string {
    if (bytes > PLAIN_BYTES_MAX || !isPlain(this.#source, this.#at, this.#at + bytes)) {
      return JSON.stringify(this.#raw(bytes))
    }
    const at = this.#at
    this.#at += bytes
    return `"${this.#source.toString('latin1', at, this.#at)}"`
  }

  #raw(bytes: number): string {
    const at = this.#at
    this.#at += bytes
    return this.#source.toString('utf8', at, this.#at)
  }

  #base64(bytes: number): string {
    const at = this.#at
    this.#at += bytes
    return this.#source.toString('base64', at, this.#at)
  }

  #extension(bytes: number): string {
    const type = this.#source.readInt8(this.#at++)
    return `{"$ext":${type},"data64":"${this.#base64(bytes)}"}`
  }

  #array(items: number, idsAsText: boolean): string {
    let text = '['
    for (let i = 0; i < items; i++) text += i > 0 ? `,${this.#value(idsAsText)}` : this.#value(idsAsText)
    return `${text}]`
  }

  #map(pairs: number, idsAsText: boolean, isBody: boolean): string {
    let text = '{'
    for (let i = 0; i < pairs; i++) {
      if (i > 0) text += ','
      const start = stringStart(this.#source, this.#at)
      if (start < 0) {
        text += `${this.#otherKey()}:${this.#value(false)}`
        continue
      }
      const key = this.#key(start)
      if (isBody && key === DATA) text += this.#data()
      else if (idsAsText && ID_FIELDS.has(key)) text += `${key}:${this.#id()}`
      else text += `${key}:${this.#value(idsAsText)}`
    }
    return `${text}}`
  }

  /** @param start where the content of the key begins, behind its type and length @returns it in quotes */
  #key(start: number): string {
    const type = this.#source[this.#at++]!
    const bytes = type < 0xc0 ? type & 0x1f : this.#count(start - this.#at)
    return this.#text(bytes)
  }

  /** Bytes, whose form is base64 in quotes, need no more of them. */
  #otherKey(): string {
    const text = this.#value(false)
    return text.startsWith('"') ? text : JSON.stringify(text)
  }

  #id(): string {
    const digits = this.#value(true)
    return /^[0-9]/.test(digits) ? `"${digits}"` : digits
  }

  #data(): string {
    const type = this.#source[this.#at]!
    if (type < 0xc4 || type > 0xc6) return `"data":${this.#value(false)}`
    this.#at++
    const bytes = this.#count(1 << (type - 0xc4))
    switch (this.#dataKind) {
      case DataKind.JSON:
        return `"data":${oneLine(this.#raw(bytes))}`
      case DataKind.TEXT:
        return `"data":${this.#text(bytes)}`
      default:
        return `"data64":"${this.#base64(bytes)}"`
    }
  }
}

function finite(value: number): string {
  return Number.isFinite(value) ? `${value}` : 'null'
}

/** A line break in JSON text can only be white space between tokens. */
function oneLine(json: string): string {
  return json.replace(/[\r\n]+/g, ' ')
}

/** Up to so many bytes a loop is faster than asking the runtime what has to be escaped. */
const PLAIN_BYTES_MAX = 64

/** Printable ASCII without quotes and backslashes: its JSON is itself in quotes. */
function isPlain(source: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const byte = source[at]!
    if (byte < 0x20 || byte > 0x7e || byte === 0x22 || byte === 0x5c) return false
  }
  return true
}

const json = new JsonText()

/** The JSON form of the value at `at`, which was walked over before. */
export function valueToJson(source: Buffer, at: number): string {
  return json.of(source, at)
}

/** The JSON form of the body of a frame of ours. */
export function bodyToJson(source: Buffer, at: number, dataKind: DataKind, idsAsText: boolean): string {
  return json.ofBody(source, at, dataKind, idsAsText)
}
