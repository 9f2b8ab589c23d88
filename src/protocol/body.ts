import type { Field, Kind } from './fields.ts'
import { mapHeader, skipValue, stringStart } from './msgpack-scan.ts'
import { packValue } from './msgpack-value.ts'

/** The fields of a request's body by their wire names. */
export type BodySpec = { readonly [name: string]: Field<unknown, boolean> }

type Needed<S> = { [K in keyof S]: S[K] extends Field<unknown, true> ? K : never }[keyof S]
type Value<F> = F extends Field<infer T, boolean> ? T : never

/** The body that a handler gets: needed fields are present and have their type; the others may be absent. */
export type BodyOf<S extends BodySpec> = { [K in Needed<S>]: Value<S[K]> } & {
  [K in Exclude<keyof S, Needed<S>>]?: Value<S[K]>
}

const NIL = 0xc0

interface Slot {
  readonly name: string
  readonly kind: Kind<unknown>
}

/**
 * Reads one body. It skips unknown fields, so that newer clients can send more. A known field of the wrong type, or a
 * missing needed field, makes the whole body invalid.
 */
export class BodyReader<S extends BodySpec> {
  readonly #slots = new Map<string, Slot>()
  readonly #needed: string[] = []

  constructor(spec: S) {
    for (const [name, field] of Object.entries(spec)) {
      this.#slots.set(name, { name, kind: field.kind })
      if (field.needed) this.#needed.push(name)
    }
  }

  /** @returns undefined unless the bytes are exactly one such map. No bytes count as an empty map. */
  binary(source: Buffer, start: number, end: number): BodyOf<S> | undefined {
    const body: Record<string, unknown> = {}
    if (start < end) {
      const header = mapHeader(source, start, end)
      if (header === undefined) return undefined
      let at = header.first
      for (let pair = 0; pair < header.pairs; pair++) {
        const valueAt = skipValue(source, at, end)
        if (valueAt < 0) return undefined
        const keyAt = stringStart(source, at)
        if (keyAt < 0) return undefined
        const next = skipValue(source, valueAt, end)
        if (next < 0) return undefined
        const slot = this.#slots.get(source.toString('latin1', keyAt, valueAt))
        if (slot !== undefined && (source[valueAt] !== NIL || slot.kind.takesNil === true)) {
          const value = slot.kind.binary(source, valueAt, next)
          if (value === undefined) return undefined
          body[slot.name] = value
        }
        at = next
      }
      if (at !== end) return undefined
    }
    return this.#complete(body)
  }

  /** The same from a parsed JSON value. JSON has no bytes, so `data64` stands for bytes in `data`. */
  json(value: unknown): BodyOf<S> | undefined {
    if (value === undefined) return this.#complete({})
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
    const fields = value as Record<string, unknown>
    const body: Record<string, unknown> = {}
    for (const slot of this.#slots.values()) {
      if (!Object.hasOwn(fields, slot.name) || (fields[slot.name] === null && slot.kind.takesNil !== true)) continue
      const field = slot.kind.json(fields[slot.name])
      if (field === undefined) return undefined
      body[slot.name] = field
    }
    if (this.#slots.has('data') && typeof fields['data64'] === 'string') {
      body['data'] = packValue(Buffer.from(fields['data64'], 'base64'))
    }
    return this.#complete(body)
  }

  #complete(body: Record<string, unknown>): BodyOf<S> | undefined {
    for (const name of this.#needed) if (body[name] === undefined) return undefined
    return body as BodyOf<S>
  }
}
