import type { Admission, UpgradeRefusal } from '../admission/admission.ts'
import type { Peer } from '../admission/peer.ts'
import { ListenerType } from '../contract/listener.ts'
import type { Disconnect } from '../protocol/disconnect.ts'
import { errorText } from '../protocol/error-code.ts'
import { Fate } from '../protocol/fate.ts'
import { Backlog, type Backlogged, type Bounds, isWorthNoting } from './backlog.ts'
import type { Connection, ConnectionEvents } from './connection.ts'
import type { HttpRequest, HttpResponse, TemplatedApp, us_socket_context_t, WebSocket } from './uws.ts'

/** `ws.send` returns this when the system took everything (docs/engine.md, 4). */
const ALL_SENT = 1
/** Of `maxBackpressure`: the library drops nothing by itself. */
const NO_BOUND = 0
/** The code of a connection that has ended without a close frame: the system has closed it. */
const GONE = 1006
/** How long the library waits at most for the client to close its side, once everything is sent (docs/engine.md, 4). */
const CLOSING_MS = 8000

export interface WebSocketServices<S> extends Bounds {
  readonly messageBytesMax: number
  /** A connection that says nothing for so long is closed: 8 to 960 seconds. */
  readonly idleTimeoutS: number
  readonly admission: Admission
  readonly events: ConnectionEvents<S>
}

/** The data on the native socket. The native library copies the fields, not the object, so the connection is one field. */
interface UserData<S> {
  connection: WebSocketConnection<S> | undefined
  origin: string
  /** Among the connections of its address. */
  place: number
}

/** Serves WebSocket clients at `path` of the App. */
export function serveWebSocket<S>(app: TemplatedApp, path: string, services: WebSocketServices<S>): void {
  const { admission, events } = services
  const drainsMs = services.idleTimeoutS * 1000 + CLOSING_MS
  // Reports every connection to the port, and the end of those that stayed HTTP: a WebSocket ends in `close` below.
  const onSocket = (res: HttpResponse, step: unknown) => {
    const isNew = Number(step) > 0
    if (!isNew) admission.leftHttp()
    else if (!admission.acceptHttp()) res.close()
  }
  app.filter(onSocket)
  const alive = (ws: WebSocket<UserData<S>>) => {
    const state = ws.getUserData().connection?.state
    if (state !== undefined) events.alive(state)
  }
  app.ws<UserData<S>>(path, {
    maxPayloadLength: services.messageBytesMax,
    maxBackpressure: NO_BOUND,
    // Silence is judged by the heartbeat of the session, the same for both transports. This is for connections that
    // were ended: without it one whose client has read the rest would stay open until the client closes it.
    idleTimeout: services.idleTimeoutS,
    sendPingsAutomatically: false,
    upgrade: (res, req, context) => upgrade<S>(res, req, context, admission),
    open(ws) {
      const connection = new WebSocketConnection(ws, services, events)
      ws.getUserData().connection = connection
      connection.state = events.opened(connection)
    },
    message(ws, message, isBinary) {
      const state = ws.getUserData().connection?.state
      if (state === undefined) return
      const chunk = Buffer.from(message)
      if (isBinary) events.binary(state, chunk)
      else events.text(state, chunk)
    },
    ping: alive,
    pong: alive,
    close(ws, code) {
      const { connection, place } = ws.getUserData()
      admission.left(code === GONE ? 0 : connection?.isDraining === true ? drainsMs : CLOSING_MS)
      admission.exit(place)
      connection?.forget()
      if (connection?.state !== undefined) events.closed(connection.state)
    },
  })
}

function upgrade<S>(res: HttpResponse, req: HttpRequest, context: us_socket_context_t, admission: Admission): void {
  const origin = req.getHeader('origin')
  const comer = {
    get peer() {
      return peerOf(res, origin)
    },
  }
  const place = admission.upgrade(comer)
  if (typeof place !== 'number') {
    if (place.isSilent) res.close()
    else refuse(res, place)
    return
  }
  const data: UserData<S> = { connection: undefined, origin, place }
  res.upgrade(
    data,
    req.getHeader('sec-websocket-key'),
    req.getHeader('sec-websocket-protocol').split(',', 1)[0]!.trim(),
    req.getHeader('sec-websocket-extensions'),
    context,
  )
}

function refuse(res: HttpResponse, { status, retryAfterS, refused, errmsg }: UpgradeRefusal): void {
  res
    .writeStatus(status)
    .writeHeader('content-type', 'application/json; charset=utf-8')
    .writeHeader('retry-after', String(retryAfterS))
    .end(JSON.stringify({ code: refused, errmsg: errmsg ?? errorText(refused) }), true)
}

function peerOf(native: Pick<HttpResponse, 'getRemoteAddressAsText'> | undefined, origin: string): Peer {
  const address = native === undefined ? '' : Buffer.from(native.getRemoteAddressAsText()).toString()
  return { address, origin, isTls: false }
}

class WebSocketConnection<S> implements Connection, Backlogged {
  readonly listener = ListenerType.WS
  /** What `opened` returned. */
  state: S | undefined
  #ws: WebSocket<UserData<S>> | undefined
  readonly #bounds: Bounds
  readonly #events: ConnectionEvents<S>
  #peer: Peer | undefined
  /** Whether something waited for the client when it was ended. */
  #drains = false
  /** While more than a little waits. */
  #backlog: Backlog | undefined

  constructor(ws: WebSocket<UserData<S>>, bounds: Bounds, events: ConnectionEvents<S>) {
    this.#ws = ws
    this.#bounds = bounds
    this.#events = events
  }

  get peer(): Peer {
    this.#peer ??= peerOf(this.#ws, this.#ws?.getUserData().origin ?? '')
    return this.#peer
  }

  /** At its end: whether the library still has something to send. */
  get isDraining(): boolean {
    return this.#drains || this.#backlog !== undefined
  }

  get bytesWaiting(): number {
    return this.#ws?.getBufferedAmount() ?? 0
  }

  write(payload: Buffer | string, isBinary: boolean, mayDrop: boolean): Fate {
    const ws = this.#ws
    if (ws === undefined) return Fate.GONE
    if (this.#backlog?.concerns(payload.length)) {
      const fate = this.#backlog.judge(payload.length, mayDrop)
      if (fate !== Fate.TAKEN) return fate
    }
    if (ws.send(payload, isBinary) === ALL_SENT) this.#caughtUp()
    else this.#isBehind(ws.getBufferedAmount(), payload.length, mayDrop)
    return Fate.TAKEN
  }

  tooSlow(): void {
    if (this.#ws !== undefined && this.state !== undefined) this.#events.tooSlow(this.state)
  }

  #caughtUp(): void {
    this.#backlog?.end()
    this.#backlog = undefined
  }

  #isBehind(waiting: number, byteCount: number, mayDrop: boolean): void {
    if (this.#backlog === undefined && !isWorthNoting(waiting, this.#bounds)) return
    this.#backlog ??= new Backlog(this.#bounds, this)
    this.#backlog.wrote(waiting, byteCount, mayDrop)
  }

  /** This release has no way to stop reading from one WebSocket. */
  pause(): boolean {
    return false
  }

  resume(): void {}

  ping(): void {
    this.#ws?.ping()
  }

  /** The library waits a few seconds for a client that does not read, and then cuts the connection. */
  end(reason: Disconnect, last: Buffer | string | undefined, isBinary: boolean): void {
    const ws = this.#ws
    if (ws === undefined) return
    this.forget()
    if (last !== undefined) ws.send(last, isBinary)
    this.#drains = ws.getBufferedAmount() > 0
    ws.end(reason.closeCode, reason.text)
  }

  /** The native socket is gone: touching it would throw. */
  forget(): void {
    this.#ws = undefined
    this.#caughtUp()
  }
}
