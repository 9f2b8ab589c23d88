import { ErrorCode } from '../protocol/error-code.ts'
import type { Precision } from '../stats/precision.ts'
import type { JsonText } from '../util/json.ts'
import { type JsonSchema, Kind, type Kinds, objectSchema, schemaOf, type ValuesOf } from './kind.ts'

/* Kinds of fields that only replies have. Replies also use the kinds of params.ts, such as uid. */

function kind<T>(meaning: string, words: string, schema: JsonSchema, fields?: Kinds) {
  return new Kind<T, false>({ meaning, words, schema, ...(fields === undefined ? {} : { fields }) }, false)
}

/** A count, from 0. */
export function count(meaning: string) {
  return kind<number>(meaning, 'integer from 0', { type: 'integer', minimum: 0 })
}

/** A number that counts from 1, such as that of a sub-group. */
export function ordinal(meaning: string) {
  return kind<number>(meaning, 'integer from 1', { type: 'integer', minimum: 1 })
}

/** May have a fraction. */
export function decimal(meaning: string) {
  return kind<number>(meaning, 'number', { type: 'number', minimum: 0 })
}

export function text(meaning: string) {
  return kind<string>(meaning, 'text', { type: 'string' })
}

/** One of a few numbers, each with its meaning: `choice('', [1, 'up'], [0, 'down'])`. */
export function choice<const V extends number>(meaning: string, ...choices: readonly (readonly [V, string])[]) {
  const words = choices.map(([value, says]) => `${value} (${says})`).join(' or ')
  return kind<V>(meaning, words, { type: 'integer', enum: choices.map(([value]) => value) })
}

/** A precision of the online statistics, as replies write it. */
export function precision(meaning: string) {
  const schema = {
    anyOf: [
      { type: 'integer', minimum: 1 },
      { type: 'string', enum: ['1m', '1y'] },
    ],
  }
  return kind<Precision['prec']>(meaning, 'integer, or 1m or 1y', schema)
}

/** A value that has one of several schemas. */
export function either<T>(meaning: string, words: string, schemas: readonly JsonSchema[]) {
  return kind<T>(meaning, words, { anyOf: schemas })
}

export function object<K extends Kinds>(meaning: string, fields: K) {
  return kind<ValuesOf<K>>(meaning, 'object', objectSchema(fields), fields)
}

/** A list of plain values (not objects) of one kind. */
export function listOf<T>(meaning: string, entry: Kind<T>) {
  return kind<readonly T[]>(meaning, `list of ${entry.about.words}`, { type: 'array', items: schemaOf(entry) })
}

/** A list of objects. */
export function list<K extends Kinds>(meaning: string, fields: K) {
  return kind<readonly ValuesOf<K>[]>(meaning, 'list', { type: 'array', items: objectSchema(fields) }, fields)
}

/** The same, for a handler that returns ready JSON text. The compiler cannot check its contents; a test does. */
export function jsonList(meaning: string, fields: Kinds) {
  return kind<JsonText>(meaning, 'list', { type: 'array', items: objectSchema(fields) }, fields)
}

/** The position of an entry in its list. */
export const idx = count('position in the list, from 0')

/** The fields of a reply that is a list: its length and its entries, numbered from 0. */
export function numberedList<K extends Kinds>(meaning: string, fields: K) {
  return {
    len: count('length of the list'),
    list: list(meaning, { idx, ...fields }),
  }
}

/** The whole reply of an interface that succeeded: its fields and the envelope. */
export function replySchema(fields: Kinds): JsonSchema {
  const { required = [], properties } = objectSchema(fields)
  return {
    type: 'object',
    required: ['code', 'errmsg', ...required],
    properties: { code: { type: 'integer', const: ErrorCode.OK.code }, errmsg: { type: 'string' }, ...properties },
  }
}

/** The envelope of a refusal. */
export function errorSchema(): JsonSchema {
  const codes = Object.values(ErrorCode).map(({ code }) => code)
  return {
    type: 'object',
    required: ['code', 'errmsg'],
    properties: {
      code: { type: 'integer', enum: codes.filter(code => code !== ErrorCode.OK.code) },
      errmsg: { type: 'string' },
    },
  }
}
