import { type Refused, refused } from '../contract/answer.ts'
import type { Id } from '../util/id.ts'
import type { Connections } from './connections.ts'
import type { Headers, Keys } from './keys.ts'
import type { Limits } from './limits.ts'
import { Shed } from './overload.ts'
import type { Comer } from './peer.ts'
import type { Shedding } from './shedding.ts'

/** The HTTP answer to a refused WebSocket upgrade. */
export interface UpgradeRefusal extends Refused {
  readonly status: '503 Service Unavailable' | '429 Too Many Requests'
  readonly retryAfterS: number
}

/** When who was shed may ask again. */
const OVERLOADED_S = 2
const DRAINING: UpgradeRefusal = { ...refused('NOT_SERVING'), status: '503 Service Unavailable', retryAfterS: 5 }

/**
 * The one place that admits or refuses: connections, WebSocket upgrades, sign-ins, requests of clients and calls of the HTTP
 * API. It limits the number of connections, holds callers to the limits, checks API keys, and refuses newcomers while the
 * gateway drains or is overloaded. Thread: its worker; each worker has its share of the connections, the limits hold over all of them.
 */
export class Admission {
  readonly limits: Limits
  readonly shedding: Shedding
  readonly #connections: Connections
  readonly #keys: Keys
  #isClosed = false

  constructor(connections: Connections, keys: Keys, limits: Limits, shedding: Shedding) {
    this.#connections = connections
    this.#keys = keys
    this.limits = limits
    this.shedding = shedding
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

  /** A connection is one of a client. @returns its place, for `exit` when it ends; undefined: refused */
  enter(comer: Comer): number | undefined {
    const place = this.limits.connect(comer)
    return typeof place === 'number' ? place : undefined
  }

  /** A connection wants to become a WebSocket. @returns its place, for `exit` when it ends; or why not */
  upgrade(comer: Comer): number | UpgradeRefusal {
    if (this.#isClosed) return DRAINING
    const busy = this.shedding.refuses(Shed.CONNECTIONS)
    if (busy !== undefined) return { ...busy, status: '503 Service Unavailable', retryAfterS: OVERLOADED_S }
    const place = this.limits.connect(comer)
    if (typeof place === 'number') return place
    return { ...refused('RATE_IP'), status: '429 Too Many Requests', retryAfterS: Math.ceil(place.waitMs / 1000) }
  }

  /** @param place of `enter` or `upgrade` */
  exit(place: number): void {
    this.limits.left(place)
  }

  /** Before a token is looked at. @returns why nobody, or nobody from there, may sign in now */
  signIn(comer: Comer): Refused | undefined {
    const busy = this.shedding.refuses(Shed.CONNECTIONS)
    if (busy !== undefined) return busy
    return this.limits.isBarred(comer) ? refused('RATE_IP', 'too many bad sign-ins from this address') : undefined
  }

  /** The token was not genuine; one that is only too old does not count. */
  badSignIn(comer: Comer): void {
    this.limits.badSignIn(comer)
  }

  /** A user makes a room or a group. @returns why not */
  create(uid: Id): Refused | undefined {
    const busy = this.shedding.refuses(Shed.JOINS)
    if (busy !== undefined) return busy
    if (!this.limits.createsTooMuch(uid)) return undefined
    return refused('RATE_USER', 'too many rooms and groups made by this user: try again later')
  }

  /** A call of the HTTP API. @param isLocal whether it comes from this machine @returns why it is refused */
  call(headers: Headers, isLocal: () => boolean): Refused | undefined {
    const key = this.#keys.keyOf(headers, isLocal)
    if (typeof key === 'string') return refused('UNAUTHORIZED', key)
    return this.limits.callsTooMuch(key) ? refused('RATE_CALLER', 'too many requests with this key') : undefined
  }
}
