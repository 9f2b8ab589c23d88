import type { Peer } from '#dist/admission/peer.js'
import { ListenerType } from '#dist/contract/listener.js'
import type { Disconnect } from '#dist/protocol/disconnect.js'
import { Fate } from '#dist/protocol/fate.js'
import type { Session } from '#dist/session/session.js'
import { Backlog, type Backlogged } from '#dist/transport/backlog.js'
import type { Connection } from '#dist/transport/connection.js'
import { framesIn } from './endpoint.js'
import type { ModelWorker } from './worker.js'

/** What a worker is still to hear of a connection, in its order. */
export type SocketEvent = 'opened' | 'closed' | Buffer | string

/** The client's end of a connection. */
export interface ClientEnd {
  hear(payload: Buffer | string, isBinary: boolean): void
  /** It is over. @param reason undefined: nobody said why */
  ended(reason: Disconnect | undefined): void
}

/** Who reads nothing is behind after one message, and far behind after some. */
const WRITER_BYTES_MAX = 50

interface Waiting {
  readonly payload: Buffer | string
  readonly isBinary: boolean
}

const peer: Peer = { address: '127.0.0.1', origin: '', isTls: false }

/** A connection without a network: what the client said waits at the worker until the scheduler has it read. */
export class ModelConnection implements Connection, Backlogged {
  readonly listener: ListenerType
  readonly peer = peer
  readonly worker: ModelWorker
  /** What the transport would hand back: there once the worker has accepted. */
  session: Session | undefined
  readonly events: SocketEvent[] = ['opened']
  isPaused = false
  /** Whether the worker may still write. */
  isOpen = true
  /** The client is gone and nobody has noticed: what is written is lost. */
  isHalfDead = false
  /** How often the worker has heard the client. */
  heard = 0
  /** Frames for it that were not taken. */
  dropped = 0
  /** Bytes that the client has not read. */
  bytesWaiting = 0
  /** The client's end; made after this one. */
  client: ClientEnd | undefined
  #isStalled = false
  /** The client has closed it. */
  #isLeft = false
  #waiting: Waiting[] = []
  #backlog: Backlog | undefined

  constructor(worker: ModelWorker, listener: ListenerType) {
    this.worker = worker
    this.listener = listener
  }

  get isStalled(): boolean {
    return this.#isStalled
  }

  /** The client reads nothing from now on. */
  stall(): void {
    this.#isStalled = true
  }

  /** The client reads again, and first what waits; who is gone never does. */
  read(): void {
    if (this.#isLeft || this.isHalfDead) return
    this.#isStalled = false
    const waiting = this.#waiting
    this.#caughtUp()
    for (const { payload, isBinary } of waiting) this.client?.hear(payload, isBinary)
  }

  write(payload: Buffer | string, isBinary: boolean, mayDrop: boolean): Fate {
    if (this.worker.isMute) return Fate.GONE
    const fate = this.#take(payload, isBinary, mayDrop)
    if (fate !== Fate.TAKEN) this.dropped += framesIn(payload, isBinary)
    this.worker.wrote(this, payload, isBinary, fate)
    return fate
  }

  #take(payload: Buffer | string, isBinary: boolean, mayDrop: boolean): Fate {
    if (!this.isOpen) return Fate.GONE
    if (this.#backlog?.concerns(payload.length)) {
      const fate = this.#backlog.judge(payload.length, mayDrop)
      if (fate !== Fate.TAKEN) return fate
    }
    if (this.#isStalled) this.#wait(payload, isBinary, mayDrop)
    else if (!this.isHalfDead) this.client?.hear(payload, isBinary)
    return Fate.TAKEN
  }

  /** As the transports: a WebSocket copies what it cannot send at once, raw TCP keeps it. */
  #wait(payload: Buffer | string, isBinary: boolean, mayDrop: boolean): void {
    const isCopied = this.listener === ListenerType.WS && typeof payload !== 'string'
    this.#waiting.push({ payload: isCopied ? Buffer.from(payload) : payload, isBinary })
    this.bytesWaiting += payload.length
    const { clock } = this.worker
    this.#backlog ??= new Backlog({ clock, writerBytesMax: WRITER_BYTES_MAX }, this)
    this.#backlog.wrote(this.bytesWaiting, payload.length, mayDrop)
  }

  tooSlow(): void {
    if (this.isOpen && this.session !== undefined) this.worker.socket.tooSlow(this.session)
  }

  #caughtUp(): void {
    this.#waiting = []
    this.bytesWaiting = 0
    this.#backlog?.end()
    this.#backlog = undefined
  }

  pause(): boolean {
    if (this.listener !== ListenerType.TCP) return false
    this.isPaused = true
    return true
  }

  resume(): void {
    this.isPaused = false
  }

  /** The simulation sends no pings: `pingIntervalMs` is 0. */
  ping(): void {}

  /** By the worker. What the client still says is thrown away. */
  end(reason: Disconnect, last: Buffer | string | undefined, isBinary: boolean): void {
    if (!this.isOpen || this.worker.isMute) return
    if (last !== undefined) {
      if (!this.isStalled && !this.isHalfDead) this.client?.hear(last, isBinary)
      this.worker.wrote(this, last, isBinary, Fate.TAKEN)
    }
    this.isOpen = false
    this.#caughtUp()
    this.isPaused = false
    this.events.length = 0
    this.events.push('closed')
    if (!this.isHalfDead) this.client?.ended(reason)
  }

  /** By the client, who takes leave; or resets, and what he said last may never be read. */
  close(isReset: boolean): void {
    if (isReset) this.events.length = Math.min(this.events.length, this.events[0] === 'opened' ? 1 : 0)
    this.events.push('closed')
    this.#isLeft = true
    this.client?.ended(undefined)
  }

  /** By the loss of its worker. */
  lost(): void {
    this.isOpen = false
    this.#caughtUp()
    this.events.length = 0
    if (!this.isHalfDead) this.client?.ended(undefined)
  }
}
