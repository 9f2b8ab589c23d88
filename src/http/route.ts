import type { z } from 'zod'
import type { ErrorName } from '../protocol/error-code.ts'
import type { Api } from './api.ts'

/** The parameters that choose an interface on a path that has several. */
export type Where = Readonly<Partial<Record<'action' | 'option' | 'dim', string>>>

/** What a handler may need of the request besides its parameters. */
export interface RequestContext {
  /** Valid until the handler returns or waits: who needs it later copies it. */
  readonly body: Buffer
  readonly contentType: string
  readonly idempotencyKey: string
}

export type Reply = Record<string, unknown>

/** One HTTP interface: everything that is said about it anywhere is said here. */
export interface Route<Q extends z.ZodRawShape = z.ZodRawShape> {
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
  /** Most bytes of the body; the option `pushBytesMax` unless it says another. */
  readonly bodyBytesMax?: 'pushBytesMax' | 'batchBytesMax'
  /** The fields of the reply besides `code` and `errmsg`, with their description. */
  readonly reply: Readonly<Record<string, string>>
  /** Codes that it may answer besides the general ones. */
  readonly errors: readonly ErrorName[]
  readonly handle: (api: Api, query: z.output<z.ZodObject<Q>>, request: RequestContext) => Reply | Promise<Reply>
}

/** Checks the types of a row and forgets them: the table holds rows of all kinds. */
export function route<Q extends z.ZodRawShape>(row: Route<Q>): Route {
  return row as unknown as Route
}
