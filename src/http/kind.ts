/** The part of JSON Schema 2020-12 that the rows need. */
export interface JsonSchema {
  readonly $ref?: string
  readonly description?: string
  readonly type?: string | readonly string[]
  readonly format?: string
  readonly enum?: readonly (string | number)[]
  readonly const?: string | number
  readonly minimum?: number
  /** A bigint where a number would be rounded; serialise it with `stringify` of util/json.ts. */
  readonly maximum?: number | bigint
  readonly minLength?: number
  readonly maxLength?: number
  readonly pattern?: string
  readonly contentEncoding?: string
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly items?: JsonSchema
  readonly maxItems?: number
  readonly anyOf?: readonly JsonSchema[]
}

/** The description of a kind. */
export interface About {
  /** What the value means, in a few words: `group`, `seconds until the token expires`. */
  readonly meaning: string
  /** Type and range for readers: `integer, 1..65535`. */
  readonly words: string
  readonly schema: JsonSchema
  /** The fields of an object, or of each entry of a list. */
  readonly fields?: Kinds
}

/**
 * One field of a request or a reply: a type for the compiler, a schema for the OpenAPI page, and words for docs/http.md.
 * `T` is the type that handlers get or return; `O`: whether the field may be absent.
 */
export class Kind<out T, out O extends boolean = boolean> {
  /** For the compiler alone: no object has it. */
  declare readonly value: T
  readonly about: About
  readonly isOptional: O

  constructor(about: About, isOptional: O) {
    this.about = about
    this.isOptional = isOptional
  }

  /** The same kind, but the field may be absent. */
  optional(): Kind<T, true> {
    return new Kind<T, true>(this.about, true)
  }
}

export type Kinds = Readonly<Record<string, Kind<unknown>>>

type OptionalOf<K extends Kinds> = { [N in keyof K]: K[N]['isOptional'] extends true ? N : never }[keyof K]

/** An object with a value for each kind. */
export type ValuesOf<K extends Kinds> = { readonly [N in Exclude<keyof K, OptionalOf<K>>]: K[N]['value'] } & {
  readonly [N in OptionalOf<K>]?: K[N]['value'] | undefined
}

/** The schema of one kind, with its meaning. */
export function schemaOf({ about: { schema, meaning } }: Kind<unknown>): JsonSchema {
  return { ...schema, description: meaning }
}

/** The schema of an object of kinds; it may have more fields than these. */
export function objectSchema(kinds: Kinds, toSchema: (kind: Kind<unknown>) => JsonSchema = schemaOf): JsonSchema {
  const all = Object.entries(kinds)
  const required = all.filter(([, kind]) => !kind.isOptional).map(([name]) => name)
  const properties = Object.fromEntries(all.map(([name, kind]) => [name, toSchema(kind)]))
  return { type: 'object', ...(required.length > 0 ? { required } : {}), properties }
}
