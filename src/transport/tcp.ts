import { createServer, type Server, type Socket } from 'node:net'
import type { Admission } from '../admission/admission.ts'
import type { Peer } from '../admission/peer.ts'
import { ListenerType } from '../contract/listener.ts'
import type { Disconnect } from '../protocol/disconnect.ts'
import { Fate } from '../protocol/fate.ts'
import { FrameSplitter } from '../protocol/frame.ts'
import { Backlog, type Backlogged, type Bounds, isWorthNoting } from './backlog.ts'
import type { Connection, ConnectionEvents } from './connection.ts'

export interface TcpServices<S> extends Bounds {
  readonly frameBytesMax: number
  readonly admission: Admission
  readonly events: ConnectionEvents<S>
}

/** Connections that wait to be accepted; the system allows net.core.somaxconn of them. Beyond it clients try again after 1, 2, 4 s. */
const BACKLOG = 4096
/** How long a kicked client may take to close its side. */
const LINGER_MS = 2000

/**
 * Serves raw TCP clients. Every worker has a listening socket of its own on the same port (SO_REUSEPORT): a shared one
 * would abort the process when one worker closes it (docs/engine.md, 5).
 * @param fd a bound socket of this worker alone; the server closes it when it closes
 */
export function serveTcp<S>(fd: number, services: TcpServices<S>): Promise<Server> {
  const { admission } = services
  const server = createServer({ noDelay: true }, socket => {
    socket.once('close', () => admission.left())
    if (admission.accept()) enter(socket, services)
    else socket.destroy()
  })
  return new Promise((resolve, reject) => {
    // Later it tells that a connection could not be accepted: without a listener that would end the worker.
    server.on('error', reject)
    server.listen({ fd }, BACKLOG, () => resolve(server))
  })
}

/** One client: it comes in, unless its address is over a limit. It hears nothing then: an answer would cost more than it. */
function enter<S>(socket: Socket, services: TcpServices<S>): void {
  const { admission } = services
  const place = admission.enter({ peer: peerOf(socket) })
  if (place === undefined) {
    socket.destroy()
    return
  }
  socket.once('close', () => admission.exit(place))
  accept(socket, services)
}

function peerOf(socket: Socket | undefined): Peer {
  return { address: socket?.remoteAddress ?? '', origin: '', isTls: false }
}

function accept<S>(socket: Socket, services: TcpServices<S>): void {
  const { frameBytesMax, events } = services
  const connection = new TcpConnection(socket, services, () => events.tooSlow(state))
  const state = events.opened(connection)
  const splitter = new FrameSplitter()
  socket.on('data', (chunk: Buffer) => {
    const { begun } = splitter
    const sound = splitter.push(chunk, frameBytesMax, (source, start, end) => {
      events.binary(state, source.subarray(start, end))
      return connection.isOpen
    })
    if (!connection.isOpen) return
    if (!sound) events.garbage(state)
    // Its first bytes are a sign of life, the others are not: it has to get whole before the client counts as silent.
    else if (splitter.begun !== begun) events.alive(state)
  })
  socket.on('error', () => socket.destroy())
  socket.on('close', () => {
    connection.forget()
    events.closed(state)
  })
}

class TcpConnection implements Connection, Backlogged {
  readonly listener = ListenerType.TCP
  #socket: Socket | undefined
  readonly #bounds: Bounds
  readonly #onSlow: () => void
  /** While more than a little waits. */
  #backlog: Backlog | undefined

  constructor(socket: Socket, bounds: Bounds, onSlow: () => void) {
    this.#socket = socket
    this.#bounds = bounds
    this.#onSlow = onSlow
  }

  #peer: Peer | undefined

  get peer(): Peer {
    this.#peer ??= peerOf(this.#socket)
    return this.#peer
  }

  get isOpen(): boolean {
    return this.#socket !== undefined
  }

  get bytesWaiting(): number {
    return this.#socket?.writableLength ?? 0
  }

  write(payload: Buffer, _isBinary: boolean, mayDrop: boolean): Fate {
    const socket = this.#socket
    if (socket === undefined) return Fate.GONE
    if (this.#backlog?.concerns(payload.length)) {
      const fate = this.#backlog.judge(payload.length, mayDrop)
      if (fate !== Fate.TAKEN) return fate
    }
    if (socket.write(payload)) this.#caughtUp()
    else this.#isBehind(socket.writableLength, payload.length, mayDrop)
    return Fate.TAKEN
  }

  tooSlow(): void {
    if (this.#socket !== undefined) this.#onSlow()
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

  pause(): boolean {
    this.#socket?.pause()
    return true
  }

  resume(): void {
    this.#socket?.resume()
  }

  /** TCP has none; its clients say PING. */
  ping(): void {}

  end(_reason: Disconnect, last: Buffer | undefined): void {
    const socket = this.#socket
    if (socket === undefined) return
    this.forget()
    if (last === undefined) socket.end()
    else socket.end(last)
    // What still comes is read and thrown away: closing with unread bytes would reset the connection before the client
    // has seen why.
    socket.removeAllListeners('data')
    socket.resume()
    const { clock } = this.#bounds
    const linger = clock.after(LINGER_MS, () => socket.destroy())
    socket.once('close', () => clock.cancel(linger))
  }

  forget(): void {
    this.#socket = undefined
    this.#caughtUp()
  }
}
