import { randomUUID } from 'node:crypto'
import { ErrorCode } from '../protocol/error-code.ts'
import { StoreError } from '../store/store.ts'
import type { HttpRequest, HttpResponse, TemplatedApp } from '../transport/uws.ts'
import { stringify } from '../util/json.ts'
import type { Api } from './api.ts'
import { ApiError } from './api-error.ts'
import type { Caller, Keys } from './keys.ts'
import { addBodyParameters, parseQuery } from './query.ts'
import type { Reply } from './route.ts'
import { type Router, readParameters } from './router.ts'

export interface HttpServices {
  readonly api: Api
  readonly router: Router
  readonly keys: Keys
  /** Whether the gateway takes requests now; 503 while starting or draining. */
  isServing(): boolean
  /** Whether every worker serves, for load balancers. */
  isReady(): boolean
  metricsPage(): Promise<string>
  openApi(): string
  answered(): void
  readonly log: { error(fields: object, text: string): void }
}

const reasons: Readonly<Record<number, string>> = {
  200: '200 OK',
  400: '400 Bad Request',
  401: '401 Unauthorized',
  403: '403 Forbidden',
  404: '404 Not Found',
  405: '405 Method Not Allowed',
  409: '409 Conflict',
  413: '413 Payload Too Large',
  429: '429 Too Many Requests',
  503: '503 Service Unavailable',
}
const JSON_TYPE = 'application/json; charset=utf-8'
const IDEMPOTENCY_KEY_MAX = 255
const NO_BODY = Buffer.alloc(0)

/** One request: copied out of the native objects at once, which are valid only during the call. */
class Exchange {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly contentType: string
  readonly idempotencyKey: string
  readonly deadlineAt: number
  isOver = false
  readonly #res: HttpResponse
  readonly #onOver: (exchange: Exchange) => void

  constructor(res: HttpResponse, req: HttpRequest, deadlineMs: number, onOver: (exchange: Exchange) => void) {
    this.#res = res
    this.#onOver = onOver
    // First of all: a handler that throws before this would end the process (docs/engine.md, 3).
    res.onAborted(() => this.#over())
    this.method = req.getMethod().toUpperCase()
    this.path = req.getUrl()
    // Undefined when there is none; the types do not say so.
    this.query = (req.getQuery() as string | undefined) ?? ''
    this.contentType = req.getHeader('content-type')
    this.idempotencyKey = req.getHeader('idempotency-key')
    this.deadlineAt = performance.now() + deadlineMs
  }

  answer(status: number, contentType: string, body: string, closes = false): void {
    if (this.isOver) return
    this.#over()
    this.#res.cork(() => {
      this.#res.writeStatus(reasons[status] ?? reasons[503]!)
      this.#res.writeHeader('content-type', contentType).writeHeader('cache-control', 'no-store')
      this.#res.end(this.method === 'HEAD' ? '' : body, closes)
    })
  }

  /** @param onBody gets the whole body; undefined: it is longer than allowed */
  readBody(bytesMax: number, onBody: (body: Buffer | undefined) => void): void {
    let parts: Buffer[] = []
    let bytes = 0
    this.#res.onData((chunk, isLast) => {
      bytes += chunk.byteLength
      if (this.isOver) return
      if (bytes > bytesMax) {
        parts = []
        onBody(undefined)
        return
      }
      // The chunk's memory is taken back when this returns.
      if (chunk.byteLength > 0) parts.push(Buffer.from(new Uint8Array(chunk)))
      if (isLast) onBody(parts.length === 1 ? parts[0]! : Buffer.concat(parts))
    })
  }

  #over(): void {
    if (this.isOver) return
    this.isOver = true
    this.#onOver(this)
  }
}

/**
 * Serves the HTTP interfaces and the probes on the App. Every request takes the same way: let in, match, parse, check,
 * carry out, answer; whatever goes wrong on it ends in the envelope with a code. Thread: its worker.
 */
export class HttpServer {
  readonly #services: HttpServices
  readonly #open = new Set<Exchange>()
  readonly #deadlineMs: number

  constructor(app: TemplatedApp, services: HttpServices) {
    this.#services = services
    // An owner has its own deadline; this is for what hangs anywhere else.
    this.#deadlineMs = services.api.options.callTimeoutMs + 1000
    for (const method of ['get', 'head'] as const) {
      app[method]('/healthz', res => probe(res, true, method === 'head'))
      app[method]('/readyz', res => probe(res, services.isReady(), method === 'head'))
    }
    app.any('/*', (res, req) => this.#take(res, req))
  }

  /** Resolves when every request that was taken is answered; each has a deadline. */
  async allAnswered(): Promise<void> {
    while (this.#open.size > 0) await new Promise(resolve => setTimeout(resolve, 5))
  }

  /** Answers what is over its deadline; call every now and then. */
  expire(now: number): void {
    for (const exchange of this.#open) {
      if (exchange.deadlineAt > now) return
      this.#fail(exchange, ApiError.of('BUSY', 'no answer in time'))
    }
  }

  #take(res: HttpResponse, req: HttpRequest): void {
    const exchange = new Exchange(res, req, this.#deadlineMs, over => this.#open.delete(over))
    this.#open.add(exchange)
    try {
      const refusal = this.#services.keys.refuses(callerOf(res, req))
      if (refusal !== undefined) throw new ApiError(ErrorCode.UNAUTHORIZED.code, refusal)
      if (exchange.path === '/metrics') {
        this.#services.metricsPage().then(
          page => exchange.answer(200, 'text/plain; version=0.0.4; charset=utf-8', page),
          (error: unknown) => this.#fail(exchange, error),
        )
        return
      }
      if (exchange.path === '/im/openapi.json') {
        if (exchange.method !== 'GET') throw ApiError.of('WRONG_METHOD', exchange.method)
        exchange.answer(200, JSON_TYPE, this.#services.openApi())
        return
      }
      if (!this.#services.isServing()) throw ApiError.of('NOT_SERVING')
      this.#run(exchange)
    } catch (error) {
      this.#fail(exchange, error)
    }
  }

  #run(exchange: Exchange): void {
    const { api, router } = this.#services
    const { method, path } = exchange
    const parameters = parseQuery(exchange.query)
    if (exchange.idempotencyKey.length > IDEMPOTENCY_KEY_MAX) {
      throw ApiError.of('BAD_PARAMETER', `Idempotency-Key: expected up to ${IDEMPOTENCY_KEY_MAX} characters`)
    }
    const isForm = method === 'POST' && router.takesForm(path)
    // What is wrong before the body need not wait for it.
    if (!isForm) router.find(method, path, parameters)
    if (method !== 'POST') {
      this.#handle(exchange, parameters, NO_BODY)
      return
    }
    const bytesMax = router.bodyBytesMax(path, api.options)
    exchange.readBody(bytesMax, body => {
      try {
        if (body === undefined) throw ApiError.of('BODY_TOO_LONG', `expected up to ${bytesMax} bytes`)
        if (isForm) addBodyParameters(parameters, exchange.contentType, body)
        this.#handle(exchange, parameters, isForm ? NO_BODY : body)
      } catch (error) {
        this.#fail(exchange, error)
      }
    })
  }

  #handle(exchange: Exchange, parameters: ReadonlyMap<string, string>, body: Buffer): void {
    const { api, router } = this.#services
    const { method, path, contentType, idempotencyKey } = exchange
    const row = router.find(method, path, parameters)
    row.handle(api, readParameters(row, parameters), { body, contentType, idempotencyKey }).then(
      reply => this.#reply(exchange, reply),
      (error: unknown) => this.#fail(exchange, error),
    )
  }

  #reply(exchange: Exchange, reply: Reply): void {
    this.#services.answered()
    exchange.answer(200, JSON_TYPE, stringify({ ...reply, code: ErrorCode.OK.code, errmsg: ErrorCode.OK.text }))
  }

  #fail(exchange: Exchange, error: unknown): void {
    this.#services.answered()
    const known = error instanceof ApiError ? error : this.#translate(exchange, error)
    const body = stringify({ code: known.code, errmsg: known.message })
    exchange.answer(known.status, JSON_TYPE, body, known.code === ErrorCode.BODY_TOO_LONG.code)
  }

  #translate(exchange: Exchange, error: unknown): ApiError {
    if (error instanceof StoreError) return ApiError.of('NOT_SERVING', 'the store does not take changes')
    const id = randomUUID()
    this.#services.log.error({ err: error, id, method: exchange.method, path: exchange.path }, 'defect in a request')
    return ApiError.of('INTERNAL', `id ${id}`)
  }
}

function probe(res: HttpResponse, isGood: boolean, isHead: boolean): void {
  res.writeStatus(reasons[isGood ? 200 : 503]!).writeHeader('content-type', JSON_TYPE)
  res.end(isHead ? '' : isGood ? '{"status":"ok"}' : '{"status":"not ready"}')
}

function callerOf(res: HttpResponse, req: HttpRequest): Caller {
  return {
    remoteIp: textOfIp(res.getRemoteAddress()),
    authorization: req.getHeader('authorization'),
    apiKey: req.getHeader('x-api-key'),
    isForwarded: ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'].some(name => req.getHeader(name) !== ''),
    origin: req.getHeader('origin'),
    host: req.getHeader('host'),
    fetchSite: req.getHeader('sec-fetch-site'),
  }
}

/** 127.0.0.1 from 4 bytes, or from the 16 of an IPv4 address in IPv6 form. */
function textOfIp(address: ArrayBuffer): string {
  const bytes = new Uint8Array(address)
  const isMapped = bytes.length === 16 && bytes.subarray(0, 10).every(byte => byte === 0) && bytes[10] === 0xff
  if (bytes.length === 4 || isMapped) return bytes.subarray(-4).join('.')
  return bytes.length === 16 && bytes[15] === 1 && bytes.subarray(0, 15).every(byte => byte === 0) ? '::1' : 'other'
}
