import { createServer, type Server, type Socket } from 'node:net'
import type { Admission } from '../admission/admission.ts'
import type { Peer } from '../admission/peer.ts'
import { ListenerType } from '../contract/listener.ts'
import { type Disconnect, Disconnect as Reason } from '../protocol/disconnect.ts'
import { FrameSplitter } from '../protocol/frame.ts'
import type { Clock, Timer } from '../util/clock.ts'
import { BURST_FACTOR, type Connection, type ConnectionEvents } from './connection.ts'

export interface TcpServices<S> {
  readonly frameBytesMax: number
  readonly writerBytesMax: number
  readonly clock: Clock
  readonly admission: Admission
  readonly events: ConnectionEvents<S>
}

/** Connections that wait to be accepted; the system allows net.core.somaxconn of them. Beyond it clients try again after 1, 2, 4 s. */
const BACKLOG = 4096
/** How long a kicked client may take to close its side. */
const LINGER_MS = 2000
/** A burst is not slowness: for so long a client may be behind. */
const BURST_MS = 1000

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

function accept<S>(socket: Socket, { frameBytesMax, writerBytesMax, clock, events }: TcpServices<S>): void {
  const connection = new TcpConnection(socket, clock, writerBytesMax, () => events.tooSlow(state))
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

class TcpConnection implements Connection {
  readonly listener = ListenerType.TCP
  #socket: Socket | undefined
  readonly #clock: Clock
  readonly #writerBytesMax: number
  readonly #onSlow: () => void
  #judging: Timer | undefined
  #isSlow = false

  constructor(socket: Socket, clock: Clock, writerBytesMax: number, onSlow: () => void) {
    this.#socket = socket
    this.#clock = clock
    this.#writerBytesMax = writerBytesMax
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

  write(payload: Buffer): boolean {
    const socket = this.#socket
    if (socket === undefined) return false
    if (socket.write(payload) || socket.writableLength <= this.#writerBytesMax) return true
    if (socket.writableLength > this.#writerBytesMax * BURST_FACTOR) this.#tooSlow()
    else this.#judging ??= this.#clock.after(BURST_MS, this.#judge)
    return true
  }

  readonly #judge = (): void => {
    this.#judging = undefined
    if (this.#socket !== undefined && this.#socket.writableLength > this.#writerBytesMax) this.#onSlow()
  }

  /** Not now: the caller may be walking over the members of a topic. */
  #tooSlow(): void {
    if (this.#isSlow) return
    this.#isSlow = true
    this.#clock.soon(() => {
      if (this.#socket !== undefined) this.#onSlow()
    })
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

  end(reason: Disconnect): void {
    const socket = this.#socket
    if (socket === undefined) return
    this.#socket = undefined
    socket.end()
    // What still comes is read and thrown away: closing with unread bytes would reset the connection before the client
    // has seen why.
    socket.removeAllListeners('data')
    socket.resume()
    const linger = this.#clock.after(readsNothing(reason) ? 0 : LINGER_MS, () => socket.destroy())
    socket.once('close', () => this.#clock.cancel(linger))
  }

  forget(): void {
    this.#socket = undefined
  }
}

/** A client that reads too slowly would not read the rest in time either. */
function readsNothing({ closeCode }: Disconnect): boolean {
  return closeCode === Reason.SLOW_CONSUMER.closeCode
}
