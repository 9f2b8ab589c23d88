import type { Peer } from '#dist/admission/peer.js'
import { ListenerType } from '#dist/contract/listener.js'
import type { Disconnect } from '#dist/protocol/disconnect.js'
import type { Session } from '#dist/session/session.js'
import type { Connection } from '#dist/transport/connection.js'
import type { ModelWorker } from './worker.js'

/** What a worker is still to hear of a connection, in its order. */
export type SocketEvent = 'opened' | 'closed' | Buffer | string

/** The client's end of a connection. */
export interface ClientEnd {
  hear(payload: Buffer | string, isBinary: boolean): void
  /** It is over. @param reason undefined: nobody said why */
  ended(reason: Disconnect | undefined): void
}

const peer: Peer = { address: '127.0.0.1', origin: '', isTls: false }

/** A connection without a network: what the client said waits at the worker until the scheduler has it read. */
export class ModelConnection implements Connection {
  readonly listener: ListenerType
  readonly peer = peer
  readonly worker: ModelWorker
  /** What the transport would hand back: there once the worker has accepted. */
  session: Session | undefined
  readonly events: SocketEvent[] = ['opened']
  isPaused = false
  /** Whether the worker may still write. */
  isOpen = true
  /** The client reads nothing: more than may wait does. */
  isStalled = false
  /** The client is gone and nobody has noticed: what is written is lost. */
  isHalfDead = false
  /** How often the worker has heard the client. */
  heard = 0
  /** Messages refused because the client is stalled. */
  refused = 0
  /** The client's end; made after this one. */
  client: ClientEnd | undefined
  #isSlow = false
  #swallowed = 0

  constructor(worker: ModelWorker, listener: ListenerType) {
    this.worker = worker
    this.listener = listener
  }

  /** What raw TCP has taken for a stalled client waits for ever. */
  get waiting(): number {
    return this.#swallowed
  }

  write(payload: Buffer | string, isBinary: boolean): boolean {
    if (this.worker.isMute) return false
    this.worker.wrote(this, payload, isBinary)
    if (!this.isOpen) return false
    if (this.isStalled) {
      this.#tooSlow()
      // Raw TCP keeps it, and the client never gets it.
      if (this.listener === ListenerType.TCP) {
        this.#swallowed += payload.length
        return true
      }
      this.refused++
      return false
    }
    if (!this.isHalfDead) this.client?.hear(payload, isBinary)
    return true
  }

  /** The client reads again; who has missed something by then is closed for it, and gets nothing more. */
  readAgain(): void {
    this.isStalled = this.#isSlow
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
  end(reason: Disconnect): void {
    if (!this.isOpen || this.worker.isMute) return
    this.isOpen = false
    this.isPaused = false
    this.events.length = 0
    this.events.push('closed')
    if (!this.isHalfDead) this.client?.ended(reason)
  }

  /** By the client, who takes leave; or resets, and what he said last may never be read. */
  close(isReset: boolean): void {
    if (isReset) this.events.length = Math.min(this.events.length, this.events[0] === 'opened' ? 1 : 0)
    this.events.push('closed')
    this.client?.ended(undefined)
  }

  /** By the loss of its worker. */
  lost(): void {
    this.isOpen = false
    this.events.length = 0
    if (!this.isHalfDead) this.client?.ended(undefined)
  }

  /** As the transports do it: in a turn of its own. */
  #tooSlow(): void {
    if (this.#isSlow) return
    this.#isSlow = true
    this.worker.clock.soon(() => {
      if (this.isOpen && this.session !== undefined) this.worker.socket.tooSlow(this.session)
    })
  }
}
