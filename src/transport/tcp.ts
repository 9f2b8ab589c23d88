import { createServer, type Server, type Socket } from 'node:net'
import type { Disconnect } from '../protocol/disconnect.ts'
import { FrameSplitter } from '../protocol/frame.ts'
import type { Admission } from './admission.ts'
import { type Connection, type ConnectionEvents, ListenerType } from './connection.ts'

export interface TcpLimits {
  readonly frameBytesMax: number
  readonly writerBytesMax: number
}

/** Connections that wait to be accepted; the system allows net.core.somaxconn of them. Beyond it clients try again after 1, 2, 4 s. */
const BACKLOG = 4096
/** How long a client that was told to go may take to close its side. */
const LINGER_MS = 2000
/** A burst is not slowness: for so long, and up to so many times of what may wait, a client may be behind. */
const BURST_MS = 1000
const BURST_FACTOR = 8

/**
 * Serves raw TCP clients. Every worker has a listening socket of its own on the same port (SO_REUSEPORT): a shared one
 * would abort the process when one worker closes it (docs/engine.md, 5).
 * @param fd a bound socket of this worker alone; the server closes it when it closes
 */
export function serveTcp<S>(
  fd: number,
  limits: TcpLimits,
  admission: Admission,
  events: ConnectionEvents<S>,
): Promise<Server> {
  const server = createServer({ noDelay: true }, socket => {
    socket.once('close', () => admission.leave())
    if (admission.enter()) accept(socket, limits, events)
    else socket.destroy()
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ fd }, BACKLOG, () => resolve(server))
  })
}

function accept<S>(socket: Socket, limits: TcpLimits, events: ConnectionEvents<S>): void {
  const connection = new TcpConnection(socket, limits.writerBytesMax, () => events.tooSlow(state))
  const state = events.opened(connection)
  const splitter = new FrameSplitter()
  socket.on('data', (chunk: Buffer) => {
    const sound = splitter.push(chunk, limits.frameBytesMax, (source, start, end) => {
      events.binary(state, source.subarray(start, end))
      return connection.isOpen
    })
    if (!sound && connection.isOpen) events.garbage(state)
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
  readonly #writerBytesMax: number
  readonly #onSlow: () => void
  #judging: NodeJS.Timeout | undefined
  #isSlow = false

  constructor(socket: Socket, writerBytesMax: number, onSlow: () => void) {
    this.#socket = socket
    this.#writerBytesMax = writerBytesMax
    this.#onSlow = onSlow
  }

  get isOpen(): boolean {
    return this.#socket !== undefined
  }

  write(payload: Buffer): boolean {
    const socket = this.#socket
    if (socket === undefined) return false
    if (socket.write(payload) || socket.writableLength <= this.#writerBytesMax) return true
    if (socket.writableLength > this.#writerBytesMax * BURST_FACTOR) this.#tooSlow()
    else this.#judging ??= setTimeout(this.#judge, BURST_MS)
    return true
  }

  readonly #judge = (): void => {
    this.#judging = undefined
    if (this.#socket !== undefined && this.#socket.writableLength > this.#writerBytesMax) this.#onSlow()
  }

  /** Not now: who writes may be walking over the members of a topic. */
  #tooSlow(): void {
    if (this.#isSlow) return
    this.#isSlow = true
    setImmediate(() => {
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

  end(reason: Disconnect): void {
    const socket = this.#socket
    if (socket === undefined) return
    this.#socket = undefined
    socket.end()
    // What still comes is read and thrown away: closing with unread bytes would reset the connection before the client
    // has seen why.
    socket.removeAllListeners('data')
    socket.resume()
    const linger = setTimeout(() => socket.destroy(), reason.closeCode === 4001 ? 0 : LINGER_MS)
    socket.once('close', () => clearTimeout(linger))
  }

  forget(): void {
    this.#socket = undefined
  }
}
