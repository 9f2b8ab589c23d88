import { createLimitTables, type LimitTables } from '#dist/admission/limits.js'
import { createPlaces, limitsWith } from '#dist/admission/places.js'
import type { Link } from '#dist/bus/bus.js'
import { createRing } from '#dist/bus/ring.js'
import { type Options, optionRows } from '#dist/config/options.js'
import { Counters, createCounters } from '#dist/ops/counters.js'
import { createLog } from '#dist/ops/log.js'
import { MemoryDisk } from '#dist/store/memory-store.js'
import { settleLost } from '#dist/worker/lost.js'
import type { WorkerStart } from '#dist/worker/shared.js'
import type { Random } from '../support/seed.js'
import { ModelClock, type Time } from './clock.js'
import type { ModelConnection } from './connection.js'
import type { WakeWord } from './wakeups.js'
import { ModelWorker, type WorkerEvents } from './worker.js'

/** The smallest there are, so that they fill. */
const RING_BYTES = 4096
/** What may wait for a ring until callers hear BUSY (`ringBytes`); often so little that they do. */
const CONGESTED_BYTES = [4096, 4096, 200] as const
/** Calls are over soon, so that answers come late. */
export const CALL_TIMEOUT_MS = 100

export interface Faults {
  /** A transaction takes less than this; of the worker with the slow disk, others are quick. */
  diskDelayMs: number
  slowDisk: number
  /** A worker that was lost is started again after this. */
  restartMs: number
  /** What a worker that starts takes its first turn within. */
  lateMs: number
}

/** What the checks hear of the whole. */
export interface WorldEvents extends WorkerEvents {
  lost(worker: ModelWorker, why: string): void
  accepted(connection: ModelConnection): void
}

/** Unix milliseconds. */
interface Span {
  readonly fromMs: number
  readonly toMs: number
}

/** All of a gateway but its threads: seats with workers, the rings between them, one disk, one time, and what main does. */
export class World {
  readonly time: Time = { now: 1000, shift: 0, instants: 0 }
  readonly random: Random
  readonly disk = new MemoryDisk()
  readonly log = createLog('silent')
  readonly faults: Faults = { diskDelayMs: 1, slowDisk: 0, restartMs: 100, lateMs: 0 }
  readonly words: readonly WakeWord[]
  readonly workers: ModelWorker[] = []
  /** Main's. */
  readonly clock: ModelClock
  readonly options: Options
  readonly #events: WorldEvents
  readonly counters: Counters
  readonly #spans: Span[] = []
  #spanFromMs: number
  readonly #counterWords: SharedArrayBuffer
  readonly #generations: number[] = []
  readonly #limitTables: LimitTables
  readonly #draining = new SharedArrayBuffer(4)
  readonly #places: SharedArrayBuffer
  /** rings[from][to] */
  readonly #rings: SharedArrayBuffer[][]

  constructor(random: Random, seats: number, events: WorldEvents) {
    this.random = random
    this.#events = events
    this.options = optionsFor(seats, random.pick(CONGESTED_BYTES), random.pick(['close', 'drop-new']))
    this.words = Array.from({ length: seats }, () => ({ isAsleep: false, isNotified: false }))
    this.#counterWords = createCounters(seats)
    this.#places = createPlaces(seats)
    this.counters = new Counters(this.#counterWords)
    this.#limitTables = createLimitTables(this.options, [1, 2])
    this.#rings = this.words.map(() => this.words.map(() => createRing(RING_BYTES)))
    this.clock = new ModelClock(this.time, random, defect => {
      throw defect
    })
    this.#spanFromMs = this.clock.wall()
  }

  /** Starts a worker in each seat. */
  start(): void {
    for (const index of this.words.keys()) this.#seat(index)
  }

  /** Somebody sets the machine's clock. */
  setWallClock(byMs: number): void {
    this.#spans.push(this.#span)
    this.time.shift += byMs
    this.#spanFromMs = this.clock.wall()
  }

  /** What the wall clock has shown: between two of these it was set. */
  get wallSpans(): readonly Span[] {
    return [...this.#spans, this.#span]
  }

  get #span(): Span {
    return { fromMs: this.#spanFromMs, toMs: this.clock.wall() }
  }

  get live(): ModelWorker[] {
    return this.workers.filter(worker => !worker.isLost)
  }

  accepted(connection: ModelConnection): void {
    this.#events.accepted(connection)
  }

  /** The worker ends now. Main hears of it, tells the others, and starts another one. */
  lose(worker: ModelWorker, why: string): void {
    if (worker.isLost) return
    const { index } = worker
    worker.end()
    this.counters.clearGauges(index)
    settleLost(this.counters, index, this.#rings[index]![index]!)
    this.#events.lost(worker, why)
    this.#tellPeers(index, () => ({ type: 'peerLost', worker: index }))
    this.clock.after(this.faults.restartMs, () => {
      this.#generations[index] = (this.#generations[index] ?? 0) + 1
      for (const peer of this.words.keys()) {
        this.#rings[index]![peer] = createRing(RING_BYTES)
        this.#rings[peer]![index] = createRing(RING_BYTES)
      }
      this.#tellPeers(index, peer => ({ type: 'peerReplaced', worker: index, link: this.#link(peer, index) }))
      this.#seat(index)
    })
  }

  #seat(index: number): void {
    const worker = new ModelWorker(this, this.#workerStart(index), this.#events)
    if (this.faults.lateMs > 0) worker.frozenUntil = this.time.now + this.random.below(this.faults.lateMs)
    this.workers[index] = worker
  }

  #tellPeers(index: number, message: (peer: number) => ModelWorker['inbox'][number]): void {
    for (const peer of this.live) if (peer.index !== index) peer.inbox.push(message(peer.index))
  }

  #link(of: number, peer: number): Link {
    return {
      outgoing: this.#rings[of]![peer]!,
      incoming: this.#rings[peer]![of]!,
      generation: this.#generations[peer] ?? 0,
    }
  }

  #workerStart(index: number): WorkerStart {
    return {
      index,
      generation: this.#generations[index] ?? 0,
      options: this.options,
      apiKeys: [],
      listeners: [],
      sockets: [],
      links: this.#rings.map((_, peer) => this.#link(index, peer)),
      wakeWords: new SharedArrayBuffer(4),
      counters: this.#counterWords,
      places: this.#places,
      placeLimits: limitsWith(0, this.options.workers, 1_000_000, 0),
      limitTables: this.#limitTables,
      draining: this.#draining,
    }
  }
}

/** The defaults, but for what makes short runs meet much. */
function optionsFor(workers: number, ringBytes: number, slowClient: Options['slowClient']): Options {
  const defaults = Object.fromEntries(
    Object.entries(optionRows).map(([key, { schema }]) => [key, schema.parse(undefined)]),
  )
  return {
    ...(defaults as Options),
    workers,
    ringBytes,
    slowClient,
    callTimeoutMs: CALL_TIMEOUT_MS,
    loginTimeoutMs: 600_000,
    heartbeatMs: 600_000,
    roomCap: 3,
  }
}
