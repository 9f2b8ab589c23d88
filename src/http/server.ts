import { ErrorCode, errorText } from '../protocol/error-code.ts'
import type { HttpRequest, HttpResponse, TemplatedApp } from '../transport/uws.ts'
import { stringify } from '../util/json.ts'
import { ApiError, unexpected } from './api-error.ts'
import type { HttpContext } from './context.ts'
import { addBodyParameters, parseQuery } from './query.ts'
import { IDEMPOTENCY_KEY_MAX, type Reply } from './route.ts'
import { type CompiledRoute, type Router, readParameters } from './router.ts'

export interface HttpServices {
  readonly context: HttpContext
  readonly router: Router
  /** Whether the gateway takes requests; false while starting or draining (503). */
  isServing(): boolean
  /** Whether every worker serves; for load balancers. */
  isReady(): boolean
  metricsPage(): Promise<string>
  openApi(): string
  answered(): void
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
/** The end of every successful reply. */
const DONE = `"code":${ErrorCode.OK.code},"errmsg":"${ErrorCode.OK.text}"}`
const NO_BODY = Buffer.alloc(0)

/** Two headers in one call, because each call into native code costs time. */
const HEADERS_OF_JSON = `${JSON_TYPE}\r\ncache-control: no-store`
/** For who may try again, and when. */
const HEADERS_OF_REFUSAL = `${HEADERS_OF_JSON}\r\nretry-after: 1`

/** One request. It copies what it needs from the native objects at once: they are valid only during the call. */
class Exchange {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly contentType: string
  readonly idempotencyKey: string
  readonly deadlineAt: number
  isOver = false
  /** True while the native library calls us: it then gathers our writes by itself, without `cork`. */
  isCalled = true
  readonly #res: HttpResponse
  readonly #onOver: (exchange: Exchange) => void

  constructor(
    res: HttpResponse,
    req: HttpRequest,
    method: string,
    path: string,
    deadlineAt: number,
    onOver: (exchange: Exchange) => void,
  ) {
    this.#res = res
    this.#onOver = onOver
    // This comes first: a handler that throws before it would end the process (docs/engine.md, 3).
    res.onAborted(() => this.#over())
    this.method = method
    this.path = path
    // Undefined without a query string, although the types do not say so.
    this.query = (req.getQuery() as string | undefined) ?? ''
    const hasBody = method === 'POST'
    this.contentType = hasBody ? req.getHeader('content-type') : ''
    this.idempotencyKey = hasBody ? req.getHeader('idempotency-key') : ''
    this.deadlineAt = deadlineAt
  }

  answer(status: number, body: string, contentType = HEADERS_OF_JSON, closes = false): void {
    if (this.isOver) return
    this.#over()
    if (this.isCalled) this.#write(status, body, contentType, closes)
    else this.#res.cork(() => this.#write(status, body, contentType, closes))
  }

  #write(status: number, body: string, contentType: string, closes: boolean): void {
    if (status !== 200) this.#res.writeStatus(reasons[status] ?? reasons[503]!)
    this.#res.writeHeader('content-type', contentType)
    this.#res.end(this.method === 'HEAD' ? '' : body, closes)
  }

  /** @param onBody gets the whole body, valid during the call, or undefined if it is too long */
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
      const part = Buffer.from(chunk)
      if (!isLast) {
        // The chunk is valid only until this returns.
        if (part.length > 0) parts.push(Buffer.from(part))
        return
      }
      this.isCalled = true
      onBody(parts.length === 0 ? part : Buffer.concat([...parts, part]))
      this.isCalled = false
    })
  }

  #over(): void {
    if (this.isOver) return
    this.isOver = true
    this.#onOver(this)
  }
}

/**
 * Serves the HTTP interfaces and the probes. Every request takes the same steps: admit, match, parse, check, handle, reply;
 * an error at any step becomes an envelope with a code. Thread: its worker.
 */
export class HttpServer {
  readonly #services: HttpServices
  readonly #open = new Set<Exchange>()
  readonly #deadlineMs: number

  constructor(app: TemplatedApp, services: HttpServices) {
    this.#services = services
    // Calls to homes have their own deadline; this one is for requests that hang anywhere else.
    this.#deadlineMs = services.context.options.callTimeoutMs + 1000
    for (const method of ['get', 'head'] as const) {
      app[method]('/healthz', res => probe(res, true, method === 'head'))
      app[method]('/readyz', res => probe(res, services.isReady(), method === 'head'))
    }
    // Routes by path let the native router find the method and path, so we need not ask for them.
    for (const path of services.router.paths) {
      app.get(path, (res, req) => this.#take(res, req, 'GET', path))
      app.post(path, (res, req) => this.#take(res, req, 'POST', path))
    }
    app.any('/*', (res, req) => this.#take(res, req, req.getMethod().toUpperCase(), req.getUrl()))
  }

  /** Resolves when all open requests are answered; each has a deadline. */
  async allAnswered(): Promise<void> {
    while (this.#open.size > 0) await new Promise<void>(resolve => this.#services.context.clock.after(5, resolve))
  }

  /** Answers the requests that are past their deadline. */
  tick(now: number): void {
    for (const exchange of this.#open) {
      if (exchange.deadlineAt > now) return
      this.#fail(exchange, ApiError.of('BUSY', 'no answer in time'))
    }
  }

  readonly #forget = (exchange: Exchange): void => {
    this.#open.delete(exchange)
  }

  #take(res: HttpResponse, req: HttpRequest, method: string, path: string): void {
    const exchange = new Exchange(
      res,
      req,
      method,
      path,
      this.#services.context.clock.now() + this.#deadlineMs,
      this.#forget,
    )
    this.#open.add(exchange)
    try {
      const refusal = this.#services.context.admission.call(req, () =>
        isLoopbackAddress(new Uint8Array(res.getRemoteAddress())),
      )
      if (refusal !== undefined) throw new ApiError(refusal.refused, refusal.errmsg ?? errorText(refusal.refused))
      if (exchange.path === '/metrics') {
        this.#services.metricsPage().then(
          page => exchange.answer(200, page, 'text/plain; version=0.0.4; charset=utf-8\r\ncache-control: no-store'),
          (error: unknown) => this.#fail(exchange, error),
        )
        return
      }
      if (exchange.path === '/im/openapi.json') {
        if (exchange.method !== 'GET') throw ApiError.of('WRONG_METHOD', `expected GET, got ${exchange.method}`)
        exchange.answer(200, this.#services.openApi())
        return
      }
      if (!this.#services.isServing()) throw ApiError.of('NOT_SERVING')
      this.#run(exchange)
    } catch (error) {
      this.#fail(exchange, error)
    } finally {
      exchange.isCalled = false
    }
  }

  #run(exchange: Exchange): void {
    const { context, router } = this.#services
    const { method, path } = exchange
    const parameters = parseQuery(exchange.query)
    if (exchange.idempotencyKey.length > IDEMPOTENCY_KEY_MAX) {
      throw ApiError.of('BAD_PARAMETER', `Idempotency-Key: expected up to ${IDEMPOTENCY_KEY_MAX} characters`)
    }
    const isForm = method === 'POST' && router.takesForm(path)
    // Report errors in the query without waiting for the body.
    const row = isForm ? undefined : router.find(method, path, parameters)
    if (method !== 'POST') {
      this.#handle(exchange, row, parameters, NO_BODY)
      return
    }
    const bytesMax = router.bodyBytesMax(path, context.options)
    exchange.readBody(bytesMax, body => {
      try {
        if (body === undefined) throw ApiError.of('BODY_TOO_LONG', `expected up to ${bytesMax} bytes`)
        if (isForm) addBodyParameters(parameters, exchange.contentType, body)
        this.#handle(exchange, row, parameters, isForm ? NO_BODY : body)
      } catch (error) {
        this.#fail(exchange, error)
      }
    })
  }

  /** @param known the row, if it could be found without the body */
  #handle(
    exchange: Exchange,
    known: CompiledRoute | undefined,
    parameters: ReadonlyMap<string, string>,
    body: Buffer,
  ): void {
    const { context, router } = this.#services
    const { method, path, contentType, idempotencyKey } = exchange
    const row = known ?? router.find(method, path, parameters)
    const reply = row.handle(context, readParameters(row, parameters), { body, contentType, idempotencyKey })
    if (!(reply instanceof Promise)) {
      this.#reply(exchange, reply)
      return
    }
    reply.then(
      late => this.#reply(exchange, late),
      (error: unknown) => this.#fail(exchange, error),
    )
  }

  #reply(exchange: Exchange, reply: Reply): void {
    this.#services.answered()
    const fields = stringify(reply)
    exchange.answer(200, fields === '{}' ? `{${DONE}` : `${fields.slice(0, -1)},${DONE}`)
  }

  #fail(exchange: Exchange, error: unknown): void {
    this.#services.answered()
    const { method, path } = exchange
    const known = error instanceof ApiError ? error : unexpected(this.#services.context, error, { method, path })
    const body = stringify({ code: known.code, errmsg: known.message })
    const headers = comesBack(known) ? HEADERS_OF_REFUSAL : HEADERS_OF_JSON
    exchange.answer(known.status, body, headers, known.code === ErrorCode.BODY_TOO_LONG.code)
  }
}

/** Whether the same request may be taken in a while. */
function comesBack({ status, code }: ApiError): boolean {
  return (status === 429 || status === 503) && code !== ErrorCode.INTERNAL.code
}

function probe(res: HttpResponse, isGood: boolean, isHead: boolean): void {
  res.writeStatus(reasons[isGood ? 200 : 503]!).writeHeader('content-type', JSON_TYPE)
  res.end(isHead ? '' : isGood ? '{"status":"ok"}' : '{"status":"not ready"}')
}

/** 127.0.0.0/8 in 4 bytes or in the 16 bytes of an IPv4-mapped IPv6 address, or ::1. */
function isLoopbackAddress(bytes: Uint8Array): boolean {
  if (bytes.length === 4) return bytes[0] === 127
  if (bytes.length !== 16) return false
  for (let i = 0; i < 10; i++) if (bytes[i] !== 0) return false
  if (bytes[10] === 0xff && bytes[11] === 0xff) return bytes[12] === 127
  return bytes.subarray(10, 15).every(byte => byte === 0) && bytes[15] === 1
}
