import { randomInt } from 'node:crypto'
import { setFlagsFromString } from 'node:v8'
import { Worker } from 'node:worker_threads'
import { closeFd, createReuseportFd } from 'node-unix-socket'
import { createLimitTables, forgetConnectionsOf, type LimitTables } from './admission/limits.ts'
import { createPlaces, type PlaceLimits, placeLimits, vacate } from './admission/places.ts'
import type { Link } from './bus/bus.ts'
import { createRing } from './bus/ring.ts'
import { createWakeWords } from './bus/wake.ts'
import type { Options } from './config/options.ts'
import { type Listener, ListenerType } from './contract/listener.ts'
import { Counters, createCounters } from './ops/counters.ts'
import { type FirstKey, firstCalls, firstKey, needsFirstKey } from './ops/first-key.ts'
import { listenAddress, listenerOf, reserveListeners } from './ops/listeners.ts'
import { lockFolder } from './ops/lock.ts'
import type { Logger } from './ops/log.ts'
import { Systemd } from './ops/systemd.ts'
import { VERSION } from './ops/version.ts'
import { LmdbStore } from './store/lmdb-store.ts'
import { settleLost } from './worker/lost.ts'
import type { FromWorker, ToWorker, WorkerStart } from './worker/shared.ts'

/** Delay before a failed worker is restarted; doubles with each failure in a row. */
const RESTART_MS = 100
const RESTART_MAX_MS = 5000
/** After a worker has run this long, earlier failures no longer count. */
const HEALTHY_MS = 10_000
/** A worker that has not ticked for this long counts as stuck. */
const STUCK_MS = 5000

/**
 * Half of a worker's young generation, in MB. V8's default is 16; a burst of sign-ins fills it, and V8 keeps it. With 4 an
 * idle worker is about 25 MB smaller, and sign-in is faster because the memory stays in the cache (docs/performance.md).
 */
const SEMI_SPACE_MB = 4

/** Never resolves: only the end of the worker ends the wait. */
const NEVER = new Promise<void>(() => undefined)

interface Seat {
  readonly worker: Worker
  readonly startedAt: number
  readonly failures: number
  isReady: boolean
  readonly ended: Promise<void>
}

/**
 * The main thread. It prepares the store and the shared memory, starts one worker per seat, replaces workers that fail, and
 * stops them in order. It serves no clients.
 */
export class Gateway {
  readonly #options: Options
  readonly #log: Logger
  readonly #systemd = new Systemd(process.env)
  readonly #wakeWords: SharedArrayBuffer
  readonly #counterWords: SharedArrayBuffer
  readonly #counters: Counters
  readonly #places: SharedArrayBuffer
  #placeLimits!: PlaceLimits
  readonly #limitTables: LimitTables
  readonly #draining = new SharedArrayBuffer(4)
  /** rings[from][to] */
  readonly #rings: SharedArrayBuffer[][]
  readonly #seats: Seat[] = []
  /** How many workers each seat has had before this one. */
  readonly #generations: number[]
  #listeners: readonly Listener[] = []
  /** Undefined: keys are set, or none is needed. */
  #firstKey: FirstKey | undefined
  #stopped: Promise<void> | undefined
  /** Whether all workers have served once. From then on, failed workers are replaced. */
  #hasServed = false

  constructor(options: Options, log: Logger) {
    this.#options = options
    this.#log = log
    const { workers, ringBytes } = options
    this.#wakeWords = createWakeWords(workers)
    this.#counterWords = createCounters(workers)
    this.#counters = new Counters(this.#counterWords)
    this.#places = createPlaces(workers)
    this.#limitTables = createLimitTables(options, [randomInt(2 ** 32), randomInt(2 ** 32)])
    this.#generations = new Array<number>(workers).fill(0)
    this.#rings = Array.from({ length: workers }, () => Array.from({ length: workers }, () => createRing(ringBytes)))
  }

  /**
   * Starts the gateway; it serves when this resolves. Call `preflight` first.
   * @throws Error that says what is wrong and what to do
   */
  async start(): Promise<void> {
    const options = this.#options
    await lockFolder(options.dataDir)
    const store = await LmdbStore.prepare(options.dataDir, options.workers)
    if (needsFirstKey(options)) this.#firstKey = firstKey(options.dataDir)
    // The only secret that ever stands in the output, and only once.
    if (this.#firstKey?.isNew === true) process.stdout.write(`API key: ${this.#firstKey.key}\n`)
    this.#placeLimits = placeLimits(options.connectionsMax, options.workers)
    this.#tellLimits()
    const { listeners, release } = await reserveListeners(options)
    this.#listeners = listeners
    // This applies to heaps made from now on. A worker's own resource limits would end it silently when it reaches them.
    const given = `${process.execArgv.join(' ')} ${process.env['NODE_OPTIONS'] ?? ''}`
    if (!given.includes('semi-space')) setFlagsFromString(`--max-semi-space-size=${SEMI_SPACE_MB}`)
    await Promise.all(Array.from({ length: options.workers }, (_, index) => this.#seat(index)))
    this.#hasServed = true
    release()
    await store.close()
    this.#systemd.watch(() => this.#isHealthy())
    this.#systemd.ready(`${options.workers} workers serve`)
    this.#log.info(
      {
        http: listenAddress(listeners, ListenerType.WS),
        tcp: listenAddress(listeners, ListenerType.TCP),
        workers: options.workers,
        pid: process.pid,
        data: options.dataDir,
        keys: this.#apiKeys.length,
        version: VERSION,
        node: process.version,
      },
      'ready',
    )
    if (this.#firstKey === undefined) return
    const { key, path, isNew } = this.#firstKey
    this.#log.info({ file: path }, 'no API key is set: the first one counts; imgate key show shows it')
    if (isNew) process.stdout.write(`${firstCalls(key, listenerOf(listeners, ListenerType.WS)!)}\n`)
  }

  #tellLimits(): void {
    const { connectionsMax } = this.#options
    const { clientsMax, openFilesMax, reserve } = this.#placeLimits
    const limits = { clients: clientsMax, http: reserve, openFiles: openFilesMax }
    if (connectionsMax <= clientsMax) this.#log.info(limits, 'places for connections')
    else
      this.#log.warn({ ...limits, connectionsMax }, 'the limit of open files allows fewer clients than connectionsMax')
  }

  get #apiKeys(): readonly string[] {
    return this.#firstKey === undefined ? this.#options.apiKeys : [this.#firstKey.key]
  }

  /** Stops in order: takes no new clients, asks the connected ones to reconnect, and brings everything to disk. */
  stop(why: string): Promise<void> {
    this.#stopped ??= this.#stop(why)
    return this.#stopped
  }

  async #stop(why: string): Promise<void> {
    Atomics.store(new Int32Array(this.#draining), 0, 1)
    this.#systemd.stopping()
    this.#log.info({ why, sessions: this.#counters.sum('sessions') }, 'stopping')
    // If a worker is stuck, SIGKILL is sure to end the process, and leaves no core dump.
    const deadline = setTimeout(() => {
      this.#log.fatal(
        { drainTimeoutMs: this.#options.drainTimeoutMs },
        'the drain took longer than drainTimeoutMs: killing the process',
      )
      process.kill(process.pid, 'SIGKILL')
    }, this.#options.drainTimeoutMs)
    await this.#all('drain', worker => heard(worker, 'drained'))
    // Nothing more to report. Close the addon's handles while every thread still runs (docs/engine.md, 5).
    this.#systemd.close()
    await this.#all('exit', () => NEVER)
    clearTimeout(deadline)
    this.#log.info('stopped')
  }

  async #all(type: 'drain' | 'exit', done: (worker: Worker) => Promise<void>): Promise<void> {
    const waiting = this.#seats.map(({ worker, ended }) => {
      const isDone = Promise.race([done(worker), ended])
      worker.postMessage({ type } satisfies ToWorker)
      return isDone
    })
    await Promise.all(waiting)
  }

  /** Starts the worker of a seat. Resolves when the worker serves. */
  async #seat(index: number, failures = 0): Promise<void> {
    const workerData = this.#workerStart(index)
    const worker = startThread(index, workerData)
    const ended = new Promise<void>(resolve => worker.once('exit', () => resolve()))
    const seat: Seat = { worker, startedAt: performance.now(), failures, isReady: false, ended }
    this.#seats[index] = seat
    worker.on('error', error => this.#log.error({ err: error, worker: index }, 'uncaught error in a worker'))
    worker.on('exit', code => this.#ended(index, seat, code))
    await heard(worker, 'ready')
    seat.isReady = true
  }

  #ended(index: number, seat: Seat, code: number): void {
    this.#counters.clearGauges(index)
    settleLost(this.#counters, index, this.#rings[index]![index]!)
    vacate(this.#places, index)
    forgetConnectionsOf(index, this.#limitTables)
    seat.isReady = false
    if (this.#stopped !== undefined) return
    const livedMs = performance.now() - seat.startedAt
    if (!this.#hasServed) {
      // During the first start there is nothing to keep serving.
      this.#log.fatal({ worker: index, code }, 'a worker could not start: stopping the gateway')
      process.exitCode = 1
      this.stop('failure').catch((error: unknown) => {
        this.#log.fatal({ err: error }, 'the stop failed: killing the process')
        process.kill(process.pid, 'SIGKILL')
      })
      return
    }
    this.#tellPeers(index, () => ({ type: 'peerLost', worker: index }))
    this.#startAgain(index, livedMs > HEALTHY_MS ? 0 : seat.failures + 1, code)
  }

  /** @param code exit code of the worker; undefined if its thread could not start */
  #startAgain(index: number, failures: number, code?: number): void {
    const delayMs = Math.min(RESTART_MAX_MS, RESTART_MS * 2 ** failures)
    this.#log.error({ worker: index, code, delayMs }, 'a worker ended: restarting it after delayMs')
    setTimeout(() => {
      if (this.#stopped !== undefined) return
      this.#replaceRings(index)
      this.#seat(index, failures).then(
        () => this.#log.info({ worker: index }, 'a worker serves again'),
        (error: unknown) => {
          // No thread or socket available: too many open files, or no memory.
          this.#log.error({ err: error, worker: index }, 'a worker could not restart: trying again')
          this.#startAgain(index, failures + 1)
        },
      )
    }, delayMs)
  }

  /** The rings of a worker that ended may hold half-written records, so its replacement gets new ones. */
  #replaceRings(index: number): void {
    this.#generations[index]!++
    for (let peer = 0; peer < this.#seats.length; peer++) {
      this.#rings[index]![peer] = createRing(this.#options.ringBytes)
      this.#rings[peer]![index] = createRing(this.#options.ringBytes)
    }
    this.#tellPeers(index, peer => ({ type: 'peerReplaced', worker: index, link: this.#link(peer, index) }))
  }

  #tellPeers(index: number, message: (peer: number) => ToWorker): void {
    for (const [peer, { worker }] of this.#seats.entries()) if (peer !== index) worker.postMessage(message(peer))
  }

  #link(of: number, peer: number): Link {
    return {
      outgoing: this.#rings[of]![peer]!,
      incoming: this.#rings[peer]![of]!,
      generation: this.#generations[peer]!,
    }
  }

  #workerStart(index: number): WorkerStart {
    return {
      index,
      generation: this.#generations[index]!,
      options: this.#options,
      apiKeys: this.#apiKeys,
      listeners: this.#listeners,
      sockets: this.#listeners.map(({ type, host, port }) =>
        type === ListenerType.TCP ? createReuseportFd(port, host) : undefined,
      ),
      links: this.#rings.map((_, peer) => this.#link(index, peer)),
      wakeWords: this.#wakeWords,
      counters: this.#counterWords,
      places: this.#places,
      placeLimits: this.#placeLimits,
      limitTables: this.#limitTables,
      draining: this.#draining,
    }
  }

  #isHealthy(): boolean {
    // The clock of all threads: setting the machine's clock kills nobody.
    const oldest = Number(process.hrtime.bigint() / 1_000_000n) - STUCK_MS
    return this.#seats.every((seat, index) => !seat.isReady || this.#counters.get(index, 'beat_ms') > oldest)
  }
}

/** @throws Error of the system when there is no thread for it; its sockets are closed then */
function startThread(index: number, workerData: WorkerStart): Worker {
  try {
    return new Worker(new URL('./worker/worker.js', import.meta.url), {
      workerData,
      // Do not pass on main's own flags, such as the loader of a test runner.
      execArgv: [],
      name: `imgate-${index}`,
    })
  } catch (error) {
    for (const socket of workerData.sockets) if (socket !== undefined) closeFd(socket)
    throw error
  }
}

/** Resolves at the first message of this type from the worker. */
function heard(worker: Worker, type: FromWorker['type']): Promise<void> {
  return new Promise(resolve => {
    const onMessage = (message: FromWorker) => {
      if (message.type !== type) return
      worker.off('message', onMessage)
      resolve()
    }
    worker.on('message', onMessage)
  })
}
