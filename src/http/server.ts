import { ErrorCode, errorText } from '../protocol/error-code.ts'
import type { HttpRequest, HttpResponse, TemplatedApp } from '../transport/uws.ts'
import { stringify } from '../util/json.ts'
import { ApiError, unexpected } from './api-error.ts'
import { decoderOf } from './content-coding.ts'
import type { HttpContext } from './context.ts'
import { Exchange, type ExchangeEvents, HEADERS_OF_JSON, JSON_TYPE, TooLong } from './exchange.ts'
import { addBodyParameters, parseQuery } from './query.ts'
import { replyText } from './reply-text.ts'
import { IDEMPOTENCY_KEY_MAX, type Reply } from './route.ts'
import { type CompiledRoute, type Router, readParameters } from './router.ts'

export interface Readiness {
  readonly ready: boolean
  readonly reasons: readonly string[]
}

export interface HttpServices {
  readonly context: HttpContext
  readonly router: Router
  /** Whether the gateway takes requests; false while starting or draining (503). */
  isServing(): boolean
  /** For load balancers: whether the gateway should get clients, and what speaks against it. */
  readiness(): Readiness
  metricsPage(): Promise<string>
  openApi(): string
  answered(): void
}

/** The end of every successful reply. */
const DONE = `"code":${ErrorCode.OK.code},"errmsg":"${ErrorCode.OK.text}"}`
const NO_BODY = Buffer.alloc(0)
const HEADERS_OF_METRICS = 'text/plain; version=0.0.4; charset=utf-8\r\ncache-control: no-store'
const READS = ['GET', 'HEAD']

/**
 * Serves the HTTP interfaces and the probes. Every request takes the same steps: admit, match, parse, check, handle, reply;
 * an error at any step becomes an envelope with a code. Thread: its worker.
 */
export class HttpServer {
  readonly #services: HttpServices
  readonly #open = new Set<Exchange>()
  readonly #deadlineMs: number
  readonly #events: ExchangeEvents = {
    over: exchange => {
      this.#open.delete(exchange)
    },
    coming: exchange => {
      // A stop does not wait for a long upload.
      if (!this.#services.isServing()) return
      // Its time begins anew, so it is the last of those that wait.
      this.#open.delete(exchange)
      exchange.deadlineAt = this.#deadline()
      this.#open.add(exchange)
    },
  }

  constructor(app: TemplatedApp, services: HttpServices) {
    this.#services = services
    // Calls to homes have their own deadline; this one is for requests that hang anywhere else.
    this.#deadlineMs = services.context.options.callTimeoutMs + 1000
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

  #deadline(): number {
    return this.#services.context.clock.now() + this.#deadlineMs
  }

  #take(res: HttpResponse, req: HttpRequest, method: string, path: string): void {
    const exchange = new Exchange(res, req, method, path, this.#deadline(), this.#events)
    this.#open.add(exchange)
    try {
      if (exchange.headers.doubt === undefined) this.#admit(exchange)
      else this.#refuseAll(exchange, exchange.headers.doubt)
    } catch (error) {
      this.#fail(exchange, error)
    } finally {
      exchange.isCalled = false
    }
  }

  /**
   * What follows on this connection may be a part of this request or another one. As long as nothing is answered, the native
   * library ends the connection when it finds another request in what has come; after the answer it reads no more.
   */
  #refuseAll(exchange: Exchange, doubt: string): void {
    this.#services.context.clock.soon(() => this.#fail(exchange, ApiError.of('BAD_PARAMETER', doubt), true))
  }

  #admit(exchange: Exchange): void {
    const { context, isServing, metricsPage, openApi } = this.#services
    const { path, headers } = exchange
    if (path === '/healthz' || path === '/readyz') {
      this.#probe(exchange, path === '/readyz')
      return
    }
    const refusal = context.admission.call(headers, () => isLoopbackAddress(exchange.address))
    if (refusal !== undefined) throw new ApiError(refusal.refused, refusal.errmsg ?? errorText(refusal.refused))
    if (path === '/metrics') {
      mustRead(exchange)
      metricsPage().then(
        page => this.#answer(exchange, 200, page, HEADERS_OF_METRICS),
        (error: unknown) => this.#fail(exchange, error),
      )
      return
    }
    if (path === '/im/openapi.json') {
      mustRead(exchange)
      this.#answer(exchange, 200, openApi(), HEADERS_OF_JSON)
      return
    }
    if (!isServing()) throw ApiError.of('NOT_SERVING')
    this.#run(exchange)
  }

  #probe(exchange: Exchange, asksReadiness: boolean): void {
    mustRead(exchange)
    if (!asksReadiness) {
      this.#answer(exchange, 200, '{"status":"ok"}', JSON_TYPE)
      return
    }
    const readiness = this.#services.readiness()
    this.#answer(exchange, readiness.ready ? 200 : 503, JSON.stringify(readiness), JSON_TYPE)
  }

  #run(exchange: Exchange): void {
    const { context, router } = this.#services
    const { method, path, headers } = exchange
    const parameters = parseQuery(exchange.query)
    if (method !== 'POST') {
      this.#handle(exchange, router.find(method, path, parameters), parameters, NO_BODY, true)
      return
    }
    if (headers.getHeader('idempotency-key').length > IDEMPOTENCY_KEY_MAX) {
      throw ApiError.of('BAD_PARAMETER', `Idempotency-Key: expected up to ${IDEMPOTENCY_KEY_MAX} characters`)
    }
    // Report errors in the query without waiting for the body.
    const row = router.takesForm(path) ? undefined : router.find(method, path, parameters)
    const decode = decoderOf(headers.getHeader('content-encoding'))
    const bytesMax = router.bodyBytesMax(path, context.options)
    exchange.readBody(bytesMax, (body, isOwn) => {
      if (body instanceof TooLong) this.#fail(exchange, ApiError.tooLong(bytesMax), !body.isRead)
      else if (decode === undefined) this.#handleBody(exchange, row, parameters, body, isOwn)
      else {
        decode(isOwn ? body : Buffer.from(body), bytesMax).then(
          plain => this.#handleBody(exchange, row, parameters, plain, true),
          (error: unknown) => this.#fail(exchange, error),
        )
      }
    })
  }

  /** @param row undefined when the parameters are in the body */
  #handleBody(
    exchange: Exchange,
    row: CompiledRoute | undefined,
    parameters: Map<string, string>,
    body: Buffer,
    isOwn: boolean,
  ): void {
    // Nobody waits any more.
    if (exchange.isOver) return
    try {
      if (row !== undefined) {
        this.#handle(exchange, row, parameters, body, isOwn)
        return
      }
      const { method, path, headers } = exchange
      addBodyParameters(parameters, headers.getHeader('content-type'), body)
      this.#handle(exchange, this.#services.router.find(method, path, parameters), parameters, NO_BODY, true)
    } catch (error) {
      this.#fail(exchange, error)
    }
  }

  #handle(
    exchange: Exchange,
    row: CompiledRoute,
    parameters: ReadonlyMap<string, string>,
    body: Buffer,
    isOwn: boolean,
  ): void {
    const { headers } = exchange
    const reply = row.handle(this.#services.context, readParameters(row, parameters), {
      body,
      isOwn,
      contentType: headers.getHeader('content-type'),
      idempotencyKey: headers.getHeader('idempotency-key'),
    })
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
    const fields = replyText(this.#services.context.clock, reply)
    if (typeof fields === 'string') {
      this.#done(exchange, fields)
      return
    }
    fields.then(
      late => this.#done(exchange, late),
      (error: unknown) => this.#fail(exchange, error),
    )
  }

  #done(exchange: Exchange, fields: string): void {
    const body = fields === '{}' ? `{${DONE}` : `${fields.slice(0, -1)},${DONE}`
    this.#answer(exchange, 200, body, HEADERS_OF_JSON)
  }

  #fail(exchange: Exchange, error: unknown, closes = false): void {
    const { method, path } = exchange
    const known = error instanceof ApiError ? error : unexpected(this.#services.context, error, { method, path })
    const body = stringify({ code: known.code, errmsg: known.message })
    const headers = known.header === '' ? HEADERS_OF_JSON : `${HEADERS_OF_JSON}\r\n${known.header}`
    this.#answer(exchange, known.status, body, headers, closes)
  }

  #answer(exchange: Exchange, status: number, body: string, contentType: string, closes = false): void {
    if (exchange.answer(status, body, contentType, closes)) this.#services.answered()
  }
}

/** @throws ApiError unless the request only reads */
function mustRead({ method }: Exchange): void {
  if (!READS.includes(method)) throw ApiError.wrongMethod(READS, method)
}

/** 127.0.0.0/8 in 4 bytes or in the 16 bytes of an IPv4-mapped IPv6 address, or ::1. */
function isLoopbackAddress(bytes: Uint8Array): boolean {
  if (bytes.length === 4) return bytes[0] === 127
  if (bytes.length !== 16) return false
  for (let i = 0; i < 10; i++) if (bytes[i] !== 0) return false
  if (bytes[10] === 0xff && bytes[11] === 0xff) return bytes[12] === 127
  return bytes.subarray(10, 15).every(byte => byte === 0) && bytes[15] === 1
}
