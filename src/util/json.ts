import { parse as parseLossless } from 'lossless-json'

/** A value that is JSON text already. */
export class JsonText {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/**
 * JSON in which 64-bit integers survive both ways as bare digits. Bytes inside a value become base64 strings:
 * JSON has no form for them. A number beyond all is 1e999, which whoever takes JSON has to refuse.
 */
export function stringify(value: unknown): string {
  if (value instanceof JsonText) return value.text
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value)
    case 'number':
      return Number.isFinite(value) ? `${value}` : infinite(value)
    case 'bigint':
      return value.toString()
    case 'boolean':
      return value ? 'true' : 'false'
    case 'object':
      if (value === null) return 'null'
      if (Array.isArray(value)) return `[${value.map(stringify).join(',')}]`
      if (value instanceof Uint8Array) return `"${Buffer.from(value).toString('base64')}"`
      if (value instanceof Date) return JSON.stringify(value)
      return stringifyObject(value as Record<string, unknown>)
    default:
      return 'null'
  }
}

/** What came as too large a number is one again, and no other value. */
function infinite(value: number): string {
  if (Number.isNaN(value)) return 'null'
  return value > 0 ? '1e999' : '-1e999'
}

function stringifyObject(value: Record<string, unknown>): string {
  let text = '{'
  for (const key of Object.keys(value)) {
    const field = value[key]
    if (field === undefined) continue
    text += `${text.length > 1 ? ',' : ''}${quoted(key)}:${stringify(field)}`
  }
  return `${text}}`
}

const quotedKeys = new Map<string, string>()
const QUOTED_KEYS_MAX = 1000

/** The names of our own fields are the same few again and again; a client's do not drive them out. */
function quoted(key: string): string {
  const known = quotedKeys.get(key)
  if (known !== undefined) return known
  const text = JSON.stringify(key)
  if (quotedKeys.size < QUOTED_KEYS_MAX && key.length <= 32) quotedKeys.set(key, text)
  return text
}

const BOM = [0xef, 0xbb, 0xbf] as const

/** JSON that came as bytes may begin with a byte order mark, which is no JSON. */
export function withoutBom(bytes: Buffer): Buffer {
  return BOM.every((byte, at) => bytes[at] === byte) ? bytes.subarray(BOM.length) : bytes
}

const LONG_DIGITS = /[0-9]{16}/

/**
 * @throws SyntaxError on text that is not JSON. Integers beyond 2^53 come as bigint, all others as numbers; one that no
 * 64 bits hold may come as an infinite number, which whoever takes a number has to refuse.
 */
export function parse(text: string): unknown {
  return LONG_DIGITS.test(text) ? untagged(JSON.parse(tagged(text)), 0) : JSON.parse(text)
}

/*
 * Long integers are read by the parser of the runtime, which would round them, as texts: behind U+0000, which stands in
 * no JSON text but as an escape, and a letter. A text of the sender that begins with that escape gets another letter.
 */
const TOKENS = /"[^"\\]*(?:\\.[^"\\]*)*"?|-?[0-9][0-9.eE+-]{15,}/gs
const INTEGER = /^-?[1-9][0-9]*$/
const ESCAPE = '\\u0000'
const [NUMBER, TEXT] = ['n', 's']

function tagged(text: string): string {
  return text.replace(TOKENS, token => {
    if (token.charCodeAt(0) !== 0x22) return INTEGER.test(token) ? `"${ESCAPE}${NUMBER}${token}"` : token
    return token.startsWith(ESCAPE, 1) ? `"${ESCAPE}${TEXT}${token.slice(1 + ESCAPE.length)}` : token
  })
}

/** Deeper JSON is for nobody here, and a walk over it might not end well. */
const DEPTH_MAX = 1000

function untagged(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return value.charCodeAt(0) === 0 && value.length > 0 ? untaggedText(value) : value
  if (typeof value !== 'object' || value === null) return value
  if (depth === DEPTH_MAX) throw new RangeError(`more than ${DEPTH_MAX} levels of JSON`)
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const item: unknown = value[i]
      const plain = untagged(item, depth + 1)
      if (plain !== item) value[i] = plain
    }
    return value
  }
  const fields = value as Record<string, unknown>
  let isRenamed = false
  for (const key of Object.keys(fields)) {
    const field = fields[key]
    const plain = untagged(field, depth + 1)
    // An assignment would set the prototype.
    if (plain !== field && key === '__proto__') Object.defineProperty(fields, key, { ...ORDINARY, value: plain })
    else if (plain !== field) fields[key] = plain
    if (key.charCodeAt(0) === 0 && key.length > 0) isRenamed = true
  }
  return isRenamed ? withPlainKeys(fields) : fields
}

const ORDINARY = { writable: true, enumerable: true, configurable: true }

function untaggedText(text: string): string | number | bigint {
  return text[1] === NUMBER ? number(text.slice(2)) : `\0${text.slice(2)}`
}

/** The same fields in their order. @throws SyntaxError when a number stands where a key should */
function withPlainKeys(fields: Record<string, unknown>): object {
  const plain = {}
  for (const [key, value] of Object.entries(fields)) {
    const name = key.charCodeAt(0) === 0 && key.length > 0 ? untaggedText(key) : key
    if (typeof name !== 'string') throw new SyntaxError('a number as a key')
    Object.defineProperty(plain, name, { ...ORDINARY, value })
  }
  return plain
}

/** The same, but a key that stands twice in an object is refused, and so is 1e400. @throws SyntaxError, for that too */
export function parseStrict(text: string): unknown {
  if (isDeep(text)) throw new SyntaxError(`more than ${STRICT_DEPTH_MAX} levels of JSON`)
  return parseLossless(text, null, { parseNumber: finite, onDuplicateKey: ({ key }) => refuseTwice(key) })
}

/** A repeated key in an object, from `parseStrict`. */
export class DuplicateKeyError extends SyntaxError {
  readonly key: string

  constructor(key: string) {
    super(`${key}: expected one value, got two`)
    this.key = key
  }
}

function refuseTwice(key: string): never {
  throw new DuplicateKeyError(key)
}

/** The parser would fill the stack before it gave up. */
const STRICT_DEPTH_MAX = 100

function isDeep(text: string): boolean {
  let depth = 0
  for (const [token] of text.matchAll(BRACKETS)) {
    if (token === '[' || token === '{') depth++
    else if (token === ']' || token === '}') depth--
    if (depth > STRICT_DEPTH_MAX) return true
  }
  return false
}

const BRACKETS = /"[^"\\]*(?:\\.[^"\\]*)*"?|[[\]{}]/gs

/** What 64 bits hold has 20 digits at most; making a bigint, or a float, of very many takes very long. */
const DIGITS_MAX = 40

function number(text: string): number | bigint {
  const isInteger = /^-?[0-9]+$/.test(text)
  if (isInteger && text.length > DIGITS_MAX)
    return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  const value = Number(text)
  return Number.isSafeInteger(value) || !isInteger ? value : BigInt(text)
}

function finite(text: string): number | bigint {
  const value = number(text)
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new SyntaxError(`expected numbers of up to 64 bits, got ${text.slice(0, DIGITS_MAX)}`)
  }
  return value
}
