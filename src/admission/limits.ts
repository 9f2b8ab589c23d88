import type { Options } from '../config/options.ts'
import { type LimitBook, type LimitCounter, type LimitName, limitCounters } from '../contract/limits.ts'
import type { Clock } from '../util/clock.ts'
import { highOf, type Id, lowOf } from '../util/id.ts'
import { KeyedHash } from '../util/keyed-hash.ts'
import { AddressCounts, TOO_MANY, UNCOUNTED } from './address-counts.ts'
import { Network } from './network.ts'
import { PaceLimit } from './pace.ts'
import type { Comer } from './peer.ts'
import { RateTable } from './rate-table.ts'

/** The memory of the limits that hold over all workers; those that are not set have none. Made by main. */
export interface LimitTables {
  /** Strangers must not know which of their addresses share a place. */
  readonly hashKey: readonly [number, number]
  readonly connections: SharedArrayBuffer | undefined
  readonly connects: SharedArrayBuffer | undefined
  readonly badSignIns: SharedArrayBuffer | undefined
  readonly creations: SharedArrayBuffer | undefined
  readonly calls: SharedArrayBuffer | undefined
}

export function createLimitTables(options: Options, hashKey: readonly [number, number]): LimitTables {
  const rate = (limit: number) => (limit > 0 && options.limits !== 'off' ? RateTable.memory() : undefined)
  const counts = options.connectionsPerIpMax > 0 && options.limits !== 'off'
  return {
    hashKey,
    connections: counts ? AddressCounts.memory(options.workers) : undefined,
    connects: rate(options.connectsPerIpPerSecond),
    badSignIns: rate(options.badSignInsPerIpPerMinute),
    creations: rate(options.creationsPerUserPerMinute),
    calls: rate(options.httpRequestsPerKeyPerSecond),
  }
}

/** A worker has ended: its connections count no more. Thread: main, before the next worker of the seat begins. */
export function forgetConnectionsOf(worker: number, { connections }: LimitTables): void {
  if (connections !== undefined) AddressCounts.forget(connections, worker)
}

/** What the limits use of their worker. */
interface Services {
  readonly clock: Clock
  readonly count: { add(name: LimitCounter, count: number): void }
  readonly log: { warn(fields: object, text: string): void }
}

const SECOND_MS = 1000
const MINUTE_MS = 60_000
/** Each limit speaks in the log once in so long, however many are over it. */
const LOG_MS = 10_000
const PRUNE_MS = 60_000

/** How long who was refused should wait. When somebody else has to leave first, nobody knows how long it takes. */
const PLACE_WAIT_MS = 5000

/** A client that is refused: after so long it may try again. */
export interface Wait {
  readonly waitMs: number
}

/**
 * Every limit that the options set, held over all workers. `limits: observe` counts and logs and refuses nothing; `off` does not
 * look. Thread: its worker; the tables are shared.
 */
export class Limits implements LimitBook {
  /** Of each session; undefined: none is set. */
  readonly pace: PaceLimit | undefined
  readonly #options: Options
  readonly #services: Services
  readonly #connections: AddressCounts | undefined
  readonly #connects: RateTable | undefined
  readonly #badSignIns: RateTable | undefined
  readonly #creations: RateTable | undefined
  readonly #calls: RateTable | undefined
  readonly #network = new Network()
  readonly #logged = new Map<LimitName, { at: number; times: number }>()
  #prunedAt = 0

  constructor(options: Options, tables: LimitTables, worker: number, services: Services) {
    this.#options = options
    this.#services = services
    const hash = new KeyedHash(...tables.hashKey)
    const rate = (memory: SharedArrayBuffer | undefined, name: LimitName, windowMs: number) =>
      memory === undefined ? undefined : new RateTable(memory, hash, this.of(name), windowMs)
    this.#connects = rate(tables.connects, 'connectsPerIpPerSecond', SECOND_MS)
    this.#badSignIns = rate(tables.badSignIns, 'badSignInsPerIpPerMinute', MINUTE_MS)
    this.#creations = rate(tables.creations, 'creationsPerUserPerMinute', MINUTE_MS)
    this.#calls = rate(tables.calls, 'httpRequestsPerKeyPerSecond', SECOND_MS)
    if (tables.connections !== undefined) this.#connections = new AddressCounts(tables.connections, hash, worker)
    const [requests, bytes] = [this.of('requestsPerSecond'), this.of('requestBytesPerSecond')]
    if (requests > 0 || bytes > 0) this.pace = new PaceLimit(requests, bytes)
  }

  of(name: LimitName): number {
    return this.#options.limits === 'off' ? 0 : this.#options[name]
  }

  exceeded(name: LimitName, kind: 'address' | 'uid' | 'key', who: string | number | bigint): boolean {
    const { clock, count, log } = this.#services
    count.add(limitCounters[name], 1)
    const now = clock.now()
    let logged = this.#logged.get(name)
    if (logged === undefined) {
      logged = { at: Number.NEGATIVE_INFINITY, times: 0 }
      this.#logged.set(name, logged)
    }
    logged.times++
    const refuses = this.#options.limits === 'enforce'
    if (now - logged.at >= LOG_MS) {
      const { times } = logged
      log.warn({ limit: name, [kind]: String(who), times, refused: refuses }, 'over a limit')
      logged.at = now
      logged.times = 0
    }
    return refuses
  }

  /** A client connects. @returns its place, for `left` */
  connect(comer: Comer): number | Wait {
    if (this.#connects === undefined && this.#connections === undefined) return UNCOUNTED
    const { address } = comer.peer
    const { high, low } = this.#network.read(address)
    const waitMs = this.#connects?.take(high, low, this.#services.clock.instant()) ?? 0
    if (waitMs > 0 && this.exceeded('connectsPerIpPerSecond', 'address', address)) return { waitMs }
    if (this.#connections === undefined) return UNCOUNTED
    const place = this.#connections.enter(high, low, this.of('connectionsPerIpMax'))
    if (place !== TOO_MANY) return place
    if (this.exceeded('connectionsPerIpMax', 'address', address)) return { waitMs: PLACE_WAIT_MS }
    return this.#connections.enter(high, low, Number.POSITIVE_INFINITY)
  }

  /** @param place of `connect` */
  left(place: number): void {
    this.#connections?.leave(place)
  }

  /** @returns whether the address has failed too often to try again now */
  isBarred(comer: Comer): boolean {
    if (this.#badSignIns === undefined) return false
    const { address } = comer.peer
    const { high, low } = this.#network.read(address)
    if (this.#badSignIns.wait(high, low, this.#services.clock.instant()) === 0) return false
    return this.exceeded('badSignInsPerIpPerMinute', 'address', address)
  }

  /** A token was not genuine. */
  badSignIn(comer: Comer): void {
    if (this.#badSignIns === undefined) return
    const { high, low } = this.#network.read(comer.peer.address)
    this.#badSignIns.take(high, low, this.#services.clock.instant())
  }

  /** A user makes a room or a group. @returns whether that is one too many */
  createsTooMuch(uid: Id): boolean {
    if (this.#creations === undefined) return false
    if (this.#creations.take(highOf(uid), lowOf(uid), this.#services.clock.instant()) === 0) return false
    return this.exceeded('creationsPerUserPerMinute', 'uid', uid)
  }

  /** An app server calls. @param key its number in the list of keys @returns whether that is one too many */
  callsTooMuch(key: number): boolean {
    if (this.#calls === undefined) return false
    if (this.#calls.take(0, key, this.#services.clock.instant()) === 0) return false
    return this.exceeded('httpRequestsPerKeyPerSecond', 'key', key)
  }

  /** Once a second. */
  tick(now: number): void {
    if (now - this.#prunedAt < PRUNE_MS) return
    this.#prunedAt = now
    for (const table of [this.#connects, this.#badSignIns, this.#creations, this.#calls]) {
      table?.prune(this.#services.clock.instant())
    }
  }
}
