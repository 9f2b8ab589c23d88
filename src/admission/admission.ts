import type { Refused } from '../contract/answer.ts'
import type { Connections } from './connections.ts'
import type { Headers, Keys } from './keys.ts'
import type { Peer } from './peer.ts'

/** Somebody who wants in. Reading `peer` may cost something, so read it only when it matters. */
export interface Comer {
  readonly peer: Peer
}

/** The HTTP answer to a refused WebSocket upgrade. */
export interface UpgradeRefusal {
  readonly status: '503 Service Unavailable'
  readonly retryAfterS: number
}

const DRAINING: UpgradeRefusal = { status: '503 Service Unavailable', retryAfterS: 5 }

/**
 * The one place that admits or refuses: connections, WebSocket upgrades, requests of clients and calls of the HTTP API.
 * Today it limits the number of connections, checks API keys, and refuses newcomers while the gateway drains. Thread: its
 * worker; each worker has its share of the connections.
 */
export class Admission {
  readonly #connections: Connections
  readonly #keys: Keys
  #isClosed = false

  constructor(connections: Connections, keys: Keys) {
    this.#connections = connections
    this.#keys = keys
  }

  /** Connections refused since the start. */
  get refused(): number {
    return this.#connections.refused
  }

  /** The gateway stops: refuse all newcomers from now on. */
  close(): void {
    this.#isClosed = true
  }

  /** Counts an accepted connection, HTTP included; call `left` when it ends. @returns whether it may stay */
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

  /** @param command of protocol/command.ts @returns why the request is refused */
  request(_comer: Comer, _command: number): Refused | undefined {
    return undefined
  }

  /** @param isLocal whether the call comes from this machine @returns why the call is refused */
  call(headers: Headers, isLocal: () => boolean): string | undefined {
    return this.#keys.refuses(headers, isLocal)
  }
}
