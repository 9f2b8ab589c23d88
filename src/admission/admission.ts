import type { Refused } from '../contract/answer.ts'
import type { Connections } from './connections.ts'
import type { Headers, Keys } from './keys.ts'
import type { Peer } from './peer.ts'

/** What is asked about one who comes: reading it may cost something, so it is read only if it matters. */
export interface Comer {
  readonly peer: Peer
}

/** Why a WebSocket is not opened, in terms of HTTP. */
export interface UpgradeRefusal {
  readonly status: '503 Service Unavailable'
  readonly retryAfterS: number
}

const DRAINING: UpgradeRefusal = { status: '503 Service Unavailable', retryAfterS: 5 }

/**
 * The one place that lets in. It is asked when a connection is accepted, when one wants to become a WebSocket, for each request
 * of a client, and for each call of the HTTP API. Today it knows how many connections there may be, who has an API key, and
 * that nobody comes in any more while the gateway drains. Thread: its worker; each has its share of the connections.
 */
export class Admission {
  readonly #connections: Connections
  readonly #keys: Keys
  #isClosed = false

  constructor(connections: Connections, keys: Keys) {
    this.#connections = connections
    this.#keys = keys
  }

  /** Connections that were refused since the start. */
  get refused(): number {
    return this.#connections.refused
  }

  /** From the signal to stop on nobody is let in. */
  close(): void {
    this.#isClosed = true
  }

  /** Counts a connection that was accepted, HTTP ones among them; each is counted out with `left`. @returns whether it may stay */
  accept(): boolean {
    return this.#connections.enter(!this.#isClosed)
  }

  left(): void {
    this.#connections.leave()
  }

  /** @returns why the connection may not become a WebSocket */
  upgrade(_comer: Comer): UpgradeRefusal | undefined {
    return this.#isClosed ? DRAINING : undefined
  }

  /** @param command of protocol/command.ts @returns why the request is not carried out */
  request(_comer: Comer, _command: number): Refused | undefined {
    return undefined
  }

  /** @param isLocal whether the call comes from this machine @returns why it is not carried out */
  call(headers: Headers, isLocal: () => boolean): string | undefined {
    return this.#keys.refuses(headers, isLocal)
  }
}
