import { type Refused, refused } from '../contract/answer.ts'
import type { Id } from '../util/id.ts'
import type { Headers, Keys } from './keys.ts'
import type { Limits } from './limits.ts'
import { Shed } from './overload.ts'
import type { Comer } from './peer.ts'
import type { Places } from './places.ts'
import type { Shedding } from './shedding.ts'

/** The HTTP answer to a refused WebSocket upgrade. */
export interface UpgradeRefusal extends Refused {
  readonly status: '503 Service Unavailable' | '429 Too Many Requests'
  readonly retryAfterS: number
  /** Close it without an answer: who does not read it would keep one of the last places. */
  readonly isSilent: boolean
}

/** Another moment or another gateway may have a place. */
const LATER = { status: '503 Service Unavailable', retryAfterS: 5 } as const
/** When who was shed may ask again. */
const OVERLOADED_S = 2

/**
 * The one place that admits or refuses: connections, WebSocket upgrades, sign-ins, requests of clients and calls of the HTTP
 * API. It limits the number of connections, holds callers to the limits, checks API keys, and refuses newcomers while the
 * gateway drains or is overloaded. Thread: its worker; the number of connections and the limits hold over all workers.
 */
export class Admission {
  readonly limits: Limits
  readonly shedding: Shedding
  readonly #places: Places
  readonly #keys: Keys
  #isClosed = false

  constructor(places: Places, keys: Keys, limits: Limits, shedding: Shedding) {
    this.#places = places
    this.#keys = keys
    this.limits = limits
    this.shedding = shedding
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

  /** @param lingerMs how long the system may still have the connection; 0: it is gone */
  left(lingerMs = 0): void {
    this.#places.leaveClient(lingerMs)
  }

  /** A connection is one of a client. @returns its place, for `exit` when it ends; undefined: refused */
  enter(comer: Comer): number | undefined {
    const place = this.limits.connect(comer)
    return typeof place === 'number' ? place : undefined
  }

  /**
   * A connection wants to become a WebSocket; it then counts as a client, so call `left` when it ends.
   * @returns its place, for `exit` when it ends; or why not
   */
  upgrade(comer: Comer): number | UpgradeRefusal {
    const { isTight: isSilent } = this.#places
    if (this.#isClosed) return { ...refused('NOT_SERVING'), ...LATER, isSilent }
    const busy = this.shedding.refuses(Shed.CONNECTIONS)
    if (busy !== undefined) return { ...busy, ...LATER, retryAfterS: OVERLOADED_S, isSilent }
    const place = this.limits.connect(comer)
    if (typeof place !== 'number') {
      const retryAfterS = Math.ceil(place.waitMs / 1000)
      return { ...refused('RATE_IP'), status: '429 Too Many Requests', retryAfterS, isSilent }
    }
    if (this.#places.becomeClient()) return place
    this.exit(place)
    return { ...refused('BUSY', 'as many clients as the gateway may have'), ...LATER, isSilent }
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
