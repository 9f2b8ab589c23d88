import type { Refused } from '../contract/answer.ts'
import type { Headers, Keys } from './keys.ts'
import type { Peer } from './peer.ts'
import type { Places } from './places.ts'

/** Somebody who wants in. Reading `peer` may cost something, so read it only when it matters. */
export interface Comer {
  readonly peer: Peer
}

/** The HTTP answer to a refused WebSocket upgrade. */
export interface UpgradeRefusal {
  readonly status: '503 Service Unavailable'
  readonly retryAfterS: number
  /** Close it without an answer: who does not read it would keep the last places. */
  readonly isSilent: boolean
}

/** There is no place, or the gateway stops: another moment or another gateway may have one. */
const LATER: UpgradeRefusal = { status: '503 Service Unavailable', retryAfterS: 5, isSilent: false }
const NO_WORD: UpgradeRefusal = { ...LATER, isSilent: true }

/**
 * The one place that admits or refuses: connections, WebSocket upgrades, requests of clients and calls of the HTTP API.
 * Today it limits the number of connections, checks API keys, and refuses newcomers while the gateway drains. Thread: its
 * worker; all workers share the places.
 */
export class Admission {
  readonly #places: Places
  readonly #keys: Keys
  #isClosed = false

  constructor(places: Places, keys: Keys) {
    this.#places = places
    this.#keys = keys
  }

  /** Connections refused since the start. */
  get refused(): number {
    return this.#places.refused
  }

  /** The gateway stops: refuse all newcomers from now on. */
  close(): void {
    this.#isClosed = true
  }

  /** Counts an accepted HTTP connection; call `leftHttp` when it ends. @returns whether it may stay */
  acceptHttp(): boolean {
    return this.#places.enterHttp(!this.#isClosed)
  }

  leftHttp(): void {
    this.#places.leaveHttp()
  }

  /** Counts an accepted client of raw TCP; call `left` when it ends. @returns whether it may stay */
  accept(): boolean {
    return this.#places.enterClient(!this.#isClosed)
  }

  /**
   * Counts an HTTP connection as a client from now on, unless it may not become a WebSocket; call `left` when it ends.
   * @returns what to answer if it may not
   */
  upgrade(_comer: Comer): UpgradeRefusal | undefined {
    if (!this.#isClosed && this.#places.becomeClient()) return undefined
    return this.#places.isTight ? NO_WORD : LATER
  }

  /** @param lingerMs how long the system may still have the connection; 0: it is gone */
  left(lingerMs = 0): void {
    this.#places.leaveClient(lingerMs)
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
