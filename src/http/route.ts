import type { ErrorName } from '../protocol/error-code.ts'
import type { HttpContext } from './context.ts'
import type { Kind, Kinds, ValuesOf } from './kind.ts'
import type { Params } from './params.ts'

/** The parameters that choose an interface on a path that has several. */
export type Where = Readonly<Partial<Record<'action' | 'option' | 'dim', string>>>

/** Characters of the header Idempotency-Key. */
export const IDEMPOTENCY_KEY_MAX = 255

/** What a handler may need of the request besides its parameters. */
export interface RequestContext {
  /** Valid until the handler returns or waits: who needs it later copies it. */
  readonly body: Buffer
  readonly contentType: string
  /** Up to `IDEMPOTENCY_KEY_MAX` characters; empty: none was given. */
  readonly idempotencyKey: string
}

/** The fields of a reply besides `code` and `errmsg`. */
export type Reply = Readonly<Record<string, unknown>>

/** One HTTP interface: everything that is said about it anywhere is said here. */
interface Row<Q extends Params, R extends Kinds, A> {
  readonly name: string
  /** Number in the specification; those with a letter are ours. */
  readonly doc: string
  readonly summary: string
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly where: Where
  readonly query: Q
  /** A GET that may be a POST too, with the parameters in a form or a JSON object: proxies and crawlers repeat GETs. */
  readonly alsoPost?: true
  /** The JSON body of a POST; without one it is the data of a push. */
  readonly body?: Kind<unknown>
  /** Most bytes of the body; the option `pushBytesMax` unless it says another. */
  readonly bodyBytesMax?: 'pushBytesMax' | 'batchBytesMax'
  /** The fields of the reply besides `code` and `errmsg`. */
  readonly reply: R
  /** Codes that it may answer besides the general ones. */
  readonly errors: readonly ErrorName[]
  readonly handle: (context: HttpContext, query: ValuesOf<Q>, request: RequestContext) => A | Promise<A>
}

/** A row of the table, which holds rows of all kinds. */
export type Route = Row<Params, Kinds, Reply>

/** Fields of an answer that its row lacks; of any of the answers, where there are several. */
type Unnamed<A, R> = A extends unknown ? Exclude<keyof A, keyof R> : never

/** Nothing is asked for, or what no row has: a field of that name, so that the compiler's error says which is missing. */
type Names<A, R> = [Unnamed<A, R>] extends [never]
  ? unknown
  : { readonly reply: Readonly<Record<Unnamed<A, R>, Kind<unknown>>> }

/**
 * Checks the types of a row and forgets them. The handler gets the values of `query` and gives those of `reply`: it does not
 * compile with a field that is missing, of another type, or that the row does not name.
 */
export function route<Q extends Params, R extends Kinds, A extends ValuesOf<R>>(
  row: Row<Q, R, A> & Names<A, R>,
): Route {
  return row as unknown as Route
}
