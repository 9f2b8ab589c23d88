import type { Headers } from '../admission/keys.ts'
import type { HttpRequest } from '../transport/uws.ts'

/** All headers of a request, in one pass over the native ones. Of several with one name the first counts. */
export class RequestHeaders implements Headers {
  readonly #values = new Map<string, string>()
  /** Why nobody can say where the request ends; undefined when all agree. */
  readonly doubt: string | undefined

  constructor(req: HttpRequest) {
    let doubt: string | undefined
    req.forEach((name, value) => {
      const check = framing.get(name)
      if (check !== undefined) doubt ??= this.#values.has(name) ? `${name}: expected one, got two` : check(value)
      if (!this.#values.has(name)) this.#values.set(name, value)
    })
    if (doubt === undefined && this.#values.has('content-length') && this.#values.has('transfer-encoding')) {
      doubt = 'content-length: expected none beside transfer-encoding'
    }
    this.doubt = doubt
  }

  getHeader(name: string): string {
    return this.#values.get(name) ?? ''
  }
}

/** @returns what is wrong with a value */
type Check = (value: string) => string | undefined

/**
 * What decides where a request ends, or whom it is for, comes once and says it plainly. A proxy in front might read anything
 * else in another way than the native library does: what the one takes for a body is then the next request for the other.
 */
const framing: ReadonlyMap<string, Check> = new Map<string, Check>([
  ['host', () => undefined],
  ['content-length', value => (/^[0-9]{1,15}$/.test(value) ? undefined : unlike('content-length', 'digits', value))],
  [
    'transfer-encoding',
    value => (/^chunked$/i.test(value) ? undefined : unlike('transfer-encoding', 'chunked', value)),
  ],
])

function unlike(name: string, expected: string, value: string): string {
  return `${name}: expected ${expected}, got ${JSON.stringify(value.slice(0, 64))}`
}
