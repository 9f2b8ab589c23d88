import type { HttpRequest, HttpResponse } from '../transport/uws.ts'
import { BodyBuffer } from './body-buffer.ts'
import { RequestHeaders } from './request-headers.ts'

export const JSON_TYPE = 'application/json; charset=utf-8'

/** Two headers in one call, because each call into native code costs time. */
export const HEADERS_OF_JSON = `${JSON_TYPE}\r\ncache-control: no-store`

const reasons: Readonly<Record<number, string>> = {
  200: '200 OK',
  400: '400 Bad Request',
  401: '401 Unauthorized',
  403: '403 Forbidden',
  404: '404 Not Found',
  405: '405 Method Not Allowed',
  409: '409 Conflict',
  413: '413 Payload Too Large',
  415: '415 Unsupported Media Type',
  429: '429 Too Many Requests',
  503: '503 Service Unavailable',
}

/**
 * So much of a body that is too long is read and thrown away, because whoever still writes when the connection ends loses
 * the answer. Beyond it the connection is cut.
 */
const DISCARDED_BYTES_MAX = 8 << 20

/** Of a body that is too long. `isRead`: all of it has come, so the connection can go on. */
export class TooLong {
  readonly isRead: boolean

  constructor(isRead: boolean) {
    this.isRead = isRead
  }
}

export interface ExchangeEvents {
  /** It was answered, or its connection is gone. */
  over(exchange: Exchange): void
  /** A part of a longer body has come. */
  coming(exchange: Exchange): void
}

/** One request. It copies what it needs from the native objects at once: they are valid only during the call. */
export class Exchange {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly headers: RequestHeaders
  /** The owner moves it while the body comes. */
  deadlineAt: number
  isOver = false
  /** True while the native library calls us: it then gathers our writes by itself, without `cork`. */
  isCalled = true
  readonly #res: HttpResponse
  readonly #events: ExchangeEvents

  constructor(
    res: HttpResponse,
    req: HttpRequest,
    method: string,
    path: string,
    deadlineAt: number,
    events: ExchangeEvents,
  ) {
    this.#res = res
    this.#events = events
    // This comes first: a handler that throws before it would end the process (docs/engine.md, 3).
    res.onAborted(() => this.#over())
    this.method = method
    this.path = path
    // Undefined without a query string, although the types do not say so.
    this.query = (req.getQuery() as string | undefined) ?? ''
    this.headers = new RequestHeaders(req)
    this.deadlineAt = deadlineAt
  }

  /** The IP address of the other end, 4 or 16 bytes; during the call only. */
  get address(): Uint8Array {
    return new Uint8Array(this.#res.getRemoteAddress())
  }

  /**
   * @param contentType and, behind CRLF, further headers
   * @param closes whether the connection ends with it
   * @returns false, and does nothing, when the request was answered or its connection is gone
   */
  answer(status: number, body: string, contentType = HEADERS_OF_JSON, closes = false): boolean {
    if (this.isOver) return false
    this.#over()
    if (this.isCalled) this.#write(status, body, contentType, closes)
    else this.#res.cork(() => this.#write(status, body, contentType, closes))
    return true
  }

  #write(status: number, body: string, contentType: string, closes: boolean): void {
    const res = this.#res
    if (status !== 200) res.writeStatus(reasons[status] ?? reasons[503]!)
    res.writeHeader('content-type', contentType)
    if (this.method !== 'HEAD') res.end(body, closes)
    else if (closes) res.end('', true)
    // With a length as its argument the library would wait for a body of that length.
    else res.writeHeader('content-length', String(Buffer.byteLength(body))).endWithoutBody()
  }

  /** @param onBody gets the whole body; unless `isOwn` it is valid only during the call */
  readBody(bytesMax: number, onBody: (body: Buffer | TooLong, isOwn: boolean) => void): void {
    const said = Number(this.headers.getHeader('content-length'))
    const parts = new BodyBuffer(Math.min(said, bytesMax))
    let bytes = 0
    const give = (body: Buffer | TooLong, isOwn: boolean) => {
      this.isCalled = true
      onBody(body, isOwn)
      this.isCalled = false
    }
    this.#res.onData((chunk, isLast) => {
      bytes += chunk.byteLength
      if (this.isOver) return
      if (!isLast || chunk.byteLength < bytes) this.#events.coming(this)
      if (bytes > bytesMax) {
        parts.take()
        if (isLast || bytes > bytesMax + DISCARDED_BYTES_MAX) give(new TooLong(isLast), true)
        return
      }
      const part = Buffer.from(chunk)
      if (isLast && part.length === bytes) {
        give(part, false)
        return
      }
      // The chunk is valid only until this returns.
      parts.append(part)
      if (isLast) give(parts.take(), true)
    })
  }

  #over(): void {
    if (this.isOver) return
    this.isOver = true
    this.#events.over(this)
  }
}
