import type { Options } from '../config/options.ts'
import { ApiError } from './api-error.ts'
import type { Param } from './params.ts'
import type { Route, Where } from './route.ts'

/** One parameter of a row, with its name. */
interface Parameter extends Pick<Param<unknown>, 'isOptional' | 'expected' | 'read'> {
  readonly name: string
}

/** A route, prepared once for all requests. */
export interface CompiledRoute extends Route {
  readonly parameters: readonly Parameter[]
  readonly selectors: readonly (keyof Where)[]
}

/** Parameters in a form take no more than in a query, and reading many takes long. */
export const FORM_BYTES_MAX = 16_384

/** Finds the row for a request. */
export class Router {
  readonly #byPath = new Map<string, CompiledRoute[]>()

  constructor(routes: readonly Route[]) {
    for (const row of routes) {
      const compiled = compile(row)
      const others = this.#byPath.get(row.path)
      if (others === undefined) this.#byPath.set(row.path, [compiled])
      else others.push(compiled)
    }
  }

  get paths(): Iterable<string> {
    return this.#byPath.keys()
  }

  /** Whether the body of a POST to this path holds parameters rather than data. */
  takesForm(path: string): boolean {
    return this.#byPath.get(path)?.some(({ alsoPost }) => alsoPost === true) === true
  }

  /** Maximum length of a body on this path. */
  bodyBytesMax(path: string, options: Options): number {
    if (this.takesForm(path)) return FORM_BYTES_MAX
    return options[this.#byPath.get(path)?.[0]?.bodyBytesMax ?? 'pushBytesMax']
  }

  /** @throws ApiError if no interface matches, or it takes another method */
  find(method: string, path: string, parameters: ReadonlyMap<string, string>): CompiledRoute {
    const rows = this.#byPath.get(path)
    if (rows === undefined) throw ApiError.of('UNKNOWN_PATH', path)
    for (const row of rows) if (row.method === method && isChosen(row, parameters)) return row
    const named = rows.filter(row => isChosen(row, parameters))
    const row = named.find(one => methodsOf(one).includes(method))
    if (row !== undefined) return row
    if (named.length > 0) throw wrongMethod(named, method)
    if (rows.every(one => !methodsOf(one).includes(method))) throw wrongMethod(rows, method)
    const selectors = rows[0]!.selectors
    const missing = selectors.find(name => !parameters.has(name))
    if (missing !== undefined) throw ApiError.of('MISSING_PARAMETER', missing)
    throw ApiError.of('UNKNOWN_PATH', selectors.map(name => `${name}=${parameters.get(name)}`).join(', '))
  }
}

function compile(row: Route): CompiledRoute {
  const parameters = Object.entries(row.query).map(([name, { isOptional, expected, read }]) => {
    return { name, isOptional, expected, read }
  })
  const selectors = Object.keys(row.where) as (keyof Where)[]
  return { ...row, parameters, selectors }
}

function isChosen({ where, selectors }: CompiledRoute, parameters: ReadonlyMap<string, string>): boolean {
  for (const name of selectors) if (where[name] !== parameters.get(name)) return false
  return true
}

function methodsOf({ method, alsoHead, alsoPost }: Route): string[] {
  return [method, ...(alsoHead === true ? ['HEAD'] : []), ...(alsoPost === true ? ['POST'] : [])]
}

function wrongMethod(rows: readonly Route[], method: string): ApiError {
  return ApiError.wrongMethod([...new Set(rows.flatMap(methodsOf))], method)
}

/** Reads the parameters of a row. @throws ApiError that names the parameter, what it should be and what it is */
export function readParameters(row: CompiledRoute, given: ReadonlyMap<string, string>): Record<string, unknown> {
  const values: Record<string, unknown> = {}
  for (const { name, isOptional, expected, read } of row.parameters) {
    const text = given.get(name)
    if (text === undefined) {
      if (isOptional) continue
      throw ApiError.of('MISSING_PARAMETER', name)
    }
    const value = read(text)
    if (value === undefined) throw badParameter(name, expected, text)
    values[name] = value
  }
  return values
}

function badParameter(name: string, expected: string, text: string): ApiError {
  return ApiError.of('BAD_PARAMETER', `${name}: expected ${expected}, got ${JSON.stringify(text.slice(0, 64))}`)
}
