import { z } from 'zod'
import type { Options } from '../config/options.ts'
import { ApiError } from './api-error.ts'
import type { Route, Where } from './route.ts'

/** A route with what is made of its row once. */
export interface CompiledRoute extends Route {
  readonly schema: z.ZodObject
  readonly selectors: readonly (keyof Where)[]
}

/** Finds the row for a request. */
export class Router {
  readonly #byPath = new Map<string, CompiledRoute[]>()

  constructor(routes: readonly Route[]) {
    for (const row of routes) {
      const compiled = { ...row, schema: z.object(row.query), selectors: Object.keys(row.where) as (keyof Where)[] }
      const others = this.#byPath.get(row.path)
      if (others === undefined) this.#byPath.set(row.path, [compiled])
      else others.push(compiled)
    }
  }

  /** Whether a POST on this path has parameters in its body, not data. */
  takesForm(path: string): boolean {
    return this.#byPath.get(path)?.some(({ alsoPost }) => alsoPost === true) === true
  }

  /** Most bytes of a body on this path. */
  bodyBytesMax(path: string, options: Options): number {
    return options[this.#byPath.get(path)?.[0]?.bodyBytesMax ?? 'pushBytesMax']
  }

  /** @throws ApiError when there is no such interface, or it takes another method */
  find(method: string, path: string, parameters: ReadonlyMap<string, string>): CompiledRoute {
    const rows = this.#byPath.get(path)
    if (rows === undefined) throw ApiError.of('UNKNOWN_PATH', path)
    const named = rows.filter(({ where, selectors }) => selectors.every(name => where[name] === parameters.get(name)))
    const row = named.find(one => one.method === method || (method === 'POST' && one.alsoPost === true))
    if (row !== undefined) return row
    if (named.length > 0 || rows.every(one => one.method !== method && !(method === 'POST' && one.alsoPost === true)))
      throw ApiError.of('WRONG_METHOD', method)
    const selectors = rows[0]!.selectors
    const missing = selectors.find(name => !parameters.has(name))
    if (missing !== undefined) throw ApiError.of('MISSING_PARAMETER', missing)
    throw ApiError.of('UNKNOWN_PATH', selectors.map(name => `${name}=${parameters.get(name)}`).join(', '))
  }
}

/** Reads the parameters of a row. @throws ApiError that names the parameter, what was expected and what came */
export function readParameters(row: CompiledRoute, parameters: ReadonlyMap<string, string>): Record<string, unknown> {
  const parsed = row.schema.safeParse(Object.fromEntries(parameters))
  if (parsed.success) return parsed.data
  const { path, message } = parsed.error.issues[0]!
  const name = String(path[0])
  if (!parameters.has(name)) throw ApiError.of('MISSING_PARAMETER', name)
  throw ApiError.of('BAD_PARAMETER', `${name}: ${message}`)
}
