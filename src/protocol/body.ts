import { describeBinary, describeJson } from './describe.ts'
import type { Field, Kind } from './fields.ts'
import { checkValue, DEPTH_MAX, Flaw, mapHeader, skipValue, stringStart } from './msgpack-scan.ts'
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

/** A body that cannot be read, and why. */
export class BadBody {
  /** Which field, what was expected and what came. */
  readonly errmsg: string

  constructor(why: string) {
    this.errmsg = `bad body: ${why}`
  }
}

const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/

/**
 * Reads one body. It skips unknown fields, so that newer clients can send more. A known field of the wrong type, or a
 * missing needed field, makes the whole body invalid.
 */
export class BodyReader<S extends BodySpec> {
  readonly #slots = new Map<string, Slot>()
  readonly #needed: Slot[] = []

  constructor(spec: S) {
    for (const [name, { kind, needed }] of Object.entries(spec)) {
      const slot = { name, kind }
      this.#slots.set(name, slot)
      if (needed) this.#needed.push(slot)
    }
  }

  /** No bytes are an empty map. */
  binary(source: Buffer, start: number, end: number): BodyOf<S> | BadBody {
    const body: Record<string, unknown> = {}
    if (start < end) {
      const header = mapHeader(source, start, end)
      if (header === undefined) return new BadBody(`expected a map, got ${describeBinary(source, start, end)}`)
      let at = header.first
      for (let pair = 0; pair < header.pairs; pair++) {
        const valueAt = skipValue(source, at, end)
        if (valueAt < 0) return flawed(undefined, valueAt)
        const keyAt = stringStart(source, at)
        const slot = keyAt < 0 ? undefined : this.#slots.get(source.toString('latin1', keyAt, valueAt))
        const isStrict = slot !== undefined && slot.kind.isPassedOn === true
        const next = isStrict ? checkValue(source, valueAt, end) : skipValue(source, valueAt, end)
        if (next < 0) return flawed(slot?.name, next)
        if (slot !== undefined && (source[valueAt] !== NIL || slot.kind.takesNil === true)) {
          const value = slot.kind.binary(source, valueAt, next)
          if (value === undefined) return refusedBinary(slot, source, valueAt, next)
          body[slot.name] = value
        }
        at = next
      }
      if (at !== end) return new BadBody(`expected one map, got ${end - at} bytes behind it`)
    }
    return this.#complete(body)
  }

  /** The same from a parsed JSON value. `data64` stands for bytes in `data`: JSON has no form for them. */
  json(value: unknown): BodyOf<S> | BadBody {
    if (value === undefined) return this.#complete({})
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return new BadBody(`expected an object, got ${describeJson(value)}`)
    }
    const fields = value as Record<string, unknown>
    const body: Record<string, unknown> = {}
    for (const slot of this.#slots.values()) {
      if (!Object.hasOwn(fields, slot.name) || (fields[slot.name] === null && slot.kind.takesNil !== true)) continue
      const field = slot.kind.json(fields[slot.name])
      if (field === undefined) return refusedJson(slot, fields[slot.name])
      body[slot.name] = field
    }
    const { data64 } = fields
    if (data64 !== undefined && data64 !== null && this.#slots.has('data')) {
      if (typeof data64 !== 'string' || !BASE64.test(data64)) {
        return new BadBody(`data64: expected base64, got ${describeJson(data64)}`)
      }
      body['data'] = packValue(Buffer.from(data64, 'base64'))
    }
    return this.#complete(body)
  }

  #complete(body: Record<string, unknown>): BodyOf<S> | BadBody {
    for (const { name, kind } of this.#needed) {
      if (body[name] === undefined) return new BadBody(`${name}: expected ${kind.expected}, got nothing`)
    }
    return body as BodyOf<S>
  }
}

/** What `flawed` says of each. */
const FLAWS: ReadonlyMap<number, string> = new Map([
  [Flaw.CUT, 'expected whole MessagePack, got less or something else'],
  [Flaw.DEEP, `expected at most ${DEPTH_MAX} levels, got more`],
  [Flaw.TEXT, 'expected text in UTF-8, got other bytes'],
  [Flaw.EXTENSION, 'expected a timestamp or an extension type of 0..127, got another'],
])

function flawed(name: string | undefined, flaw: number): BadBody {
  return new BadBody(name === undefined ? FLAWS.get(flaw)! : `${name}: ${FLAWS.get(flaw)}`)
}

function refusedBinary({ name, kind }: Slot, source: Buffer, at: number, end: number): BadBody {
  return new BadBody(`${name}: expected ${kind.expected}, got ${describeBinary(source, at, end)}`)
}

function refusedJson({ name, kind }: Slot, value: unknown): BadBody {
  const why = kind.whyNot?.(value) ?? `expected ${kind.expected}, got ${describeJson(value)}`
  return new BadBody(`${name}: ${why}`)
}
