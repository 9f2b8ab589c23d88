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
 * JSON has no form for them.
 */
export function stringify(value: unknown): string {
  if (value instanceof JsonText) return value.text
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value)
    case 'number':
      return Number.isFinite(value) ? `${value}` : 'null'
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

const LONG_DIGITS = /[0-9]{16}/

/** @throws SyntaxError on text that is not JSON. Integers beyond 2^53 come as bigint, all others as numbers. */
export function parse(text: string): unknown {
  return LONG_DIGITS.test(text)
    ? parseLossless(text, null, { parseNumber: number, onDuplicateKey: ({ newValue }) => newValue })
    : JSON.parse(text)
}

/** The same, but refuses repeated keys in an object. @throws SyntaxError, for that too */
export function parseStrict(text: string): unknown {
  return parseLossless(text, null, { parseNumber: number, onDuplicateKey: ({ key }) => refuseTwice(key) })
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

function number(text: string): number | bigint {
  const value = Number(text)
  return Number.isSafeInteger(value) || !/^-?[0-9]+$/.test(text) ? value : BigInt(text)
}
