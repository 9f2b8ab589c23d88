import { type JsonSchema, type Kind, type Kinds, objectSchema, schemaOf } from './kind.ts'
import type { Where } from './route.ts'

/** In a JSON body a number may also be a string of its digits: many languages lack 64-bit integers. */
function inBody(kind: Kind<unknown>): JsonSchema {
  const schema = schemaOf(kind)
  if (schema.type !== 'integer') return schema
  const asNumberOrText = { ...schema, type: ['integer', 'string'] }
  return schema.enum === undefined
    ? { ...asNumberOrText, pattern: '^[0-9]+$' }
    : { ...asNumberOrText, enum: [...schema.enum, ...schema.enum.map(String)] }
}

/** The parameters of an interface as a JSON object or a form. Those that select the interface have a fixed value. */
export function bodySchema(where: Where, kinds: Kinds): JsonSchema {
  const { required = [], properties } = objectSchema(kinds, inBody)
  const chosen = Object.entries(where).map(([name, value]) => [name, { type: 'string', const: value }] as const)
  return {
    type: 'object',
    required: [...chosen.map(([name]) => name), ...required],
    properties: { ...Object.fromEntries(chosen), ...properties },
  }
}
