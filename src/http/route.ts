import type { ErrorName } from '../protocol/error-code.ts'
import type { HttpContext } from './context.ts'
import type { Kind, Kinds, ValuesOf } from './kind.ts'
import type { Params } from './params.ts'

/** The parameters that choose among the interfaces of one path. */
export type Where = Readonly<Partial<Record<'action' | 'option' | 'dim', string>>>

/** Maximum number of characters in the header Idempotency-Key. */
export const IDEMPOTENCY_KEY_MAX = 255

/** The parts of a request that a handler may need besides the parameters. */
export interface RequestContext {
  readonly body: Buffer
  /** Otherwise the body is valid only until the handler returns or awaits: copy it to use it later. */
  readonly isOwn: boolean
  readonly contentType: string
  /** Up to `IDEMPOTENCY_KEY_MAX` characters; empty if absent. */
  readonly idempotencyKey: string
}

/** The fields of a reply besides `code` and `errmsg`. */
export type Reply = Readonly<Record<string, unknown>>

/** One HTTP interface. Routing, checks, documentation and the OpenAPI page all come from this row. */
interface Row<Q extends Params, R extends Kinds, A> {
  readonly name: string
  /** Number in the specification; numbers with a letter are our additions. */
  readonly doc: string
  readonly summary: string
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly where: Where
  readonly query: Q
  /** This GET may also be a POST with its parameters in a form or a JSON object: proxies and crawlers may repeat GETs. */
  readonly alsoPost?: true
  /** This GET is a query: a HEAD gets the headers of its answer. */
  readonly alsoHead?: true
  /** The JSON body of a POST. Without it the body is the data of a push. */
  readonly body?: Kind<unknown>
  /** The option that limits the length of the body; `pushBytesMax` by default. */
  readonly bodyBytesMax?: 'pushBytesMax' | 'batchBytesMax'
  /** The fields of the reply besides `code` and `errmsg`. */
  readonly reply: R
  /** Errors that it may answer besides the general ones. */
  readonly errors: readonly ErrorName[]
  readonly handle: (context: HttpContext, query: ValuesOf<Q>, request: RequestContext) => A | Promise<A>
}

/** A row of the table, without its types. */
export type Route = Row<Params, Kinds, Reply>

/** Fields that the handler returns and the row lacks; for a union, of any member. */
type Unnamed<A, R> = A extends unknown ? Exclude<keyof A, keyof R> : never

/** If the row lacks fields, this requires them in `reply`: the compiler's error then names the missing ones. */
type Names<A, R> = [Unnamed<A, R>] extends [never]
  ? unknown
  : { readonly reply: Readonly<Record<Unnamed<A, R>, Kind<unknown>>> }

/**
 * Checks the types of a row and forgets them. The handler gets the values of `query` and returns those of `reply`. A field
 * that is missing, has another type, or that the row does not name, is a compile error.
 */
export function route<Q extends Params, R extends Kinds, A extends ValuesOf<R>>(
  row: Row<Q, R, A> & Names<A, R>,
): Route {
  return row as unknown as Route
}
