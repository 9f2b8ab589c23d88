import { isIPv4, isIPv6 } from 'node:net'
import { Ajv2020 } from 'ajv/dist/2020.js'
import type { Test } from 'tap'
import { replySchema } from '#dist/http/reply.js'
import type { Route } from '#dist/http/route.js'
import { stringify } from '#dist/util/json.js'

type Json = Record<string, unknown>

/** Knows the formats of our schemas. */
export const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true })
ajv.addFormat('uint64', { type: 'number', validate: value => value >= 0 })
ajv.addFormat('ipv4', isIPv4)
ajv.addFormat('ipv6', isIPv6)

/** The schema with every object closed: what a row does not name is an error here, though clients have to bear it. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed)
  if (typeof schema !== 'object' || schema === null) return schema
  const parts = Object.entries(schema).map(([keyword, value]) => [keyword, closed(value)] as const)
  return { ...Object.fromEntries(parts), ...('properties' in schema ? { additionalProperties: false } : {}) }
}

const compiled = new Map<string, ReturnType<typeof ajv.compile>>()

/** @param text a reply as it came @returns what in it is not as its row says; empty when it is */
export function faultsOf({ name, reply }: Route, text: string): string[] {
  let validate = compiled.get(name)
  if (validate === undefined) {
    // By way of JSON, as a client gets it: the largest id is a number then, and rounded like those of the reply.
    validate = ajv.compile(closed(JSON.parse(stringify(replySchema(reply)))) as Json)
    compiled.set(name, validate)
  }
  if (validate(JSON.parse(text))) return []
  return (validate.errors ?? []).map(({ instancePath, message, params }) => {
    return `${instancePath} ${message} ${JSON.stringify(params)}`
  })
}

export function matchesRow(t: Test, row: Route | undefined, text: string): void {
  t.ok(row, 'there is a row for it')
  if (row !== undefined) t.strictSame(faultsOf(row, text), [], `the reply is what the row of ${row.name} says`)
}
