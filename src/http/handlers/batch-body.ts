import { JSON_DEPTH_MAX } from '../../protocol/json-format.ts'
import type { Steps } from '../../util/slices.ts'
import { ApiError } from '../api-error.ts'
import { JsonScanner, type JsonValue } from '../json-scanner.ts'
import { IDEMPOTENCY_KEY_MAX } from '../route.ts'

/** One push as it would have come alone. */
export interface Push {
  readonly parameters: ReadonlyMap<string, string>
  /** A part of the batch, or a copy. */
  readonly body: Buffer
  readonly contentType: string
  readonly idempotencyKey: string
}

/** Maximum number of pushes in one request. */
export const PUSHES_MAX = 1000
/** Escaped, a byte of text takes up to six; the rest of a push is short. */
const ESCAPED = 6
const REST_BYTES_MAX = 16_384
/** The longest of the parameters of a push, escaped. */
const PARAMETER_BYTES_MAX = 4096
/** What 64 bits hold has 20 digits. */
const NUMBER_BYTES_MAX = 40
/** Those that it has not are passed over. */
const FIELDS_MAX = 64
const CONTENT = new Set(['data', 'data64', 'key'])
const INTEGER = /^[0-9]+$/
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/

/**
 * Reads the pushes of a batch, a JSON array, one after the other. No step takes longer than reading one field.
 * @returns for each push what it says, or why it is refused: an ApiError, or a defect of ours
 * @throws ApiError when the whole is no JSON array of up to `PUSHES_MAX` pushes
 */
export function* readBatch(json: Buffer, pushBytesMax: number): Steps<(Push | Error)[]> {
  const pushes: (Push | Error)[] = []
  const scanner = new JsonScanner(json)
  try {
    yield* scanner.open('[')
    while (yield* scanner.hasMore(']')) {
      if (pushes.length === PUSHES_MAX) throw new SyntaxError('too many')
      pushes.push(yield* readPush(yield* scanner.value(), pushBytesMax))
      yield
    }
    yield* scanner.end()
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw ApiError.of('BAD_PARAMETER', `body: expected a JSON array of up to ${PUSHES_MAX} pushes`)
  }
  return pushes
}

/** @throws SyntaxError when it is no JSON, as far as one has to look */
function* readPush(push: JsonValue, pushBytesMax: number): Steps<Push | Error> {
  if (push.bytes.length > pushBytesMax * ESCAPED + REST_BYTES_MAX) return ApiError.tooLong(pushBytesMax)
  try {
    return yield* readFields(push, pushBytesMax)
  } catch (error) {
    if (error instanceof SyntaxError || !(error instanceof Error)) throw error
    return error
  }
}

function* readFields({ bytes, first }: JsonValue, pushBytesMax: number): Steps<Push> {
  if (first !== '{') throw ApiError.of('BAD_PARAMETER', 'push: expected an object')
  const parameters = new Map<string, string>()
  const content = new Map<string, JsonValue>()
  const scanner = new JsonScanner(bytes)
  yield* scanner.open('{')
  for (let count = 0; yield* scanner.hasMore('}'); count++) {
    if (count === FIELDS_MAX) throw ApiError.of('BAD_PARAMETER', `push: expected up to ${FIELDS_MAX} fields`)
    const name = yield* scanner.key()
    const value = yield* scanner.value()
    if (parameters.has(name) || content.has(name)) {
      throw ApiError.of('BAD_PARAMETER', `${name.slice(0, 64)}: expected one value, got two`)
    }
    if (CONTENT.has(name)) content.set(name, value)
    else parameters.set(name, parameterOf(name, value))
    yield
  }
  const idempotencyKey = keyOf(content.get('key'))
  return { parameters, idempotencyKey, ...bodyOf(content.get('data'), content.get('data64'), pushBytesMax) }
}

/** A text or a number as a query string would have it. No long number is ever converted. */
function parameterOf(name: string, { bytes, first }: JsonValue): string {
  const isText = first === '"'
  if (bytes.length > (isText ? PARAMETER_BYTES_MAX : NUMBER_BYTES_MAX)) {
    const expected = `a string of up to ${PARAMETER_BYTES_MAX} bytes or a number of up to ${NUMBER_BYTES_MAX}`
    throw ApiError.of('BAD_PARAMETER', `${name.slice(0, 64)}: expected ${expected}, got ${bytes.length}`)
  }
  const json = bytes.toString()
  const value: unknown = JSON.parse(json)
  if (typeof value === 'string') return value
  // As a number a long id would be rounded.
  if (typeof value === 'number') return INTEGER.test(json) ? json : String(value)
  throw ApiError.of('BAD_PARAMETER', `${name.slice(0, 64)}: expected a string or a number`)
}

function bodyOf(data: JsonValue | undefined, data64: JsonValue | undefined, pushBytesMax: number) {
  if (data64 !== undefined) {
    if (data !== undefined) throw ApiError.of('BAD_PARAMETER', 'data64: expected data or data64, got both')
    const base64 = textOf(data64)
    if (base64 === undefined || !BASE64.test(base64)) {
      throw ApiError.of('BAD_PARAMETER', 'data64: expected a string of base64')
    }
    return { body: Buffer.from(base64, 'base64'), contentType: 'application/octet-stream' }
  }
  if (data === undefined) throw ApiError.of('MISSING_PARAMETER', 'data')
  const text = textOf(data)
  if (text !== undefined) return { body: Buffer.from(text), contentType: 'text/plain' }
  const body = data.bytes
  if (body.length > pushBytesMax) throw ApiError.tooLong(pushBytesMax)
  if (data.depth > JSON_DEPTH_MAX) throw ApiError.of('BAD_PARAMETER', `data: expected up to ${JSON_DEPTH_MAX} levels`)
  // Only to refuse the whole batch, if it is no JSON, before anything is sent.
  JSON.parse(body.toString())
  return { body, contentType: 'application/json' }
}

function keyOf(key: JsonValue | undefined): string {
  if (key === undefined) return ''
  const text = key.bytes.length <= PARAMETER_BYTES_MAX ? textOf(key) : undefined
  if (text === undefined || text.length < 1 || text.length > IDEMPOTENCY_KEY_MAX) {
    throw ApiError.of('BAD_PARAMETER', `key: expected a string of 1..${IDEMPOTENCY_KEY_MAX} characters`)
  }
  return text
}

/** @returns undefined when it is no text */
function textOf({ bytes, first }: JsonValue): string | undefined {
  return first === '"' ? (JSON.parse(bytes.toString()) as string) : undefined
}
