import { readdirSync, readFileSync, statSync } from 'node:fs'
import type { Clock } from '../util/clock.ts'

/** How many connections the process may have. Running out of open files makes the event loop spin (docs/engine.md, 3). */
export interface PlaceLimits {
  /** The limit of open files. */
  readonly openFilesMax: number
  /** Connections of every kind, those that are being closed included. */
  readonly connectionsMax: number
  /** Clients over WebSocket and raw TCP. */
  readonly clientsMax: number
  /** What HTTP always has of `connectionsMax`, however many clients there are: for probes and operators. */
  readonly reserve: number
}

/** Open files of a worker that are not connections: the store, sockets that listen, its thread for long answers. */
const FILES_PER_WORKER = 48
/** For what comes and goes: asking nodes whether they are up, replacing a worker, reading files. */
const SPARE_FILES = 48
/** With fewer connections the gateway is of no use. */
const CONNECTIONS_MIN = 16
const RESERVE_MIN = 8
const RESERVE_MAX = 256
/** The reserve as a share of all connections. */
const RESERVE_SHARE = 1 / 16

/**
 * Finds the limits of this process. Thread: main, before the workers start.
 * @param clientsWanted 0: as many as the limit of open files allows
 * @throws Error that says what to do when the limit of open files is too low
 */
export function placeLimits(clientsWanted: number, workers: number): PlaceLimits {
  return limitsWith(clientsWanted, workers, openFilesMax(), readdirSync('/proc/self/fd').length)
}

/** @param othersOpen open files of main */
export function limitsWith(
  clientsWanted: number,
  workers: number,
  openFilesMax: number,
  othersOpen: number,
): PlaceLimits {
  const others = othersOpen + workers * FILES_PER_WORKER + SPARE_FILES
  const connectionsMax = openFilesMax - others
  if (connectionsMax < CONNECTIONS_MIN) {
    throw new Error(
      `the limit of open files is ${openFilesMax}: ${workers} workers need at least ${others + CONNECTIONS_MIN}; raise it ` +
        '(ulimit -n, LimitNOFILE=) or set fewer workers',
    )
  }
  const reserve = Math.min(RESERVE_MAX, Math.max(RESERVE_MIN, Math.floor(connectionsMax * RESERVE_SHARE)))
  const possible = connectionsMax - reserve
  const clientsMax = clientsWanted > 0 ? Math.min(clientsWanted, possible) : possible
  return { openFilesMax, connectionsMax, clientsMax, reserve }
}

function openFilesMax(): number {
  const soft = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]
  return soft === undefined || soft === 'unlimited' ? 1_000_000 : Number(soft)
}

/** @returns how many files this process has open now; undefined where the kernel does not tell (before Linux 6.2) */
function openFiles(): number | undefined {
  const { size } = statSync('/proc/self/fd')
  return size > 0 ? size : undefined
}

/** Clients, connections that are being closed, and HTTP: each connection is one of them. */
const CLIENTS = 0
const CLOSING = 1
const HTTP = 2
type Kind = typeof CLIENTS | typeof CLOSING | typeof HTTP
const KINDS: readonly Kind[] = [CLIENTS, CLOSING, HTTP]
/** A cache line each for the sums and for every worker. */
const ROW_WORDS = 16

export function createPlaces(workers: number): SharedArrayBuffer {
  return new SharedArrayBuffer((1 + workers) * ROW_WORDS * 4)
}

/** A worker ended, and the system has closed its connections. Thread: main. */
export function vacate(memory: SharedArrayBuffer, worker: number): void {
  const words = new Int32Array(memory)
  for (const kind of KINDS) {
    Atomics.sub(words, kind, Atomics.exchange(words, (1 + worker) * ROW_WORDS + kind, 0))
  }
}

/**
 * Counts the connections of all workers in shared memory, and limits them: the kernel spreads connections unevenly, so
 * a share for each worker would refuse clients while there is room. Thread: its worker.
 */
export class Places {
  /** Connections refused since the start. */
  refused = 0
  readonly #words: Int32Array
  readonly #row: number
  readonly #limits: PlaceLimits
  readonly #clock: Clock

  constructor(memory: SharedArrayBuffer, worker: number, limits: PlaceLimits, clock: Clock) {
    this.#words = new Int32Array(memory)
    this.#row = (1 + worker) * ROW_WORDS
    this.#limits = limits
    this.#clock = clock
  }

  /** Clients of all workers. */
  get clients(): number {
    return Atomics.load(this.#words, CLIENTS)
  }

  /** An HTTP connection was accepted, which may become a WebSocket. It counts even if it may not stay. */
  enterHttp(isWanted: boolean): boolean {
    this.#add(HTTP, 1)
    return (isWanted && this.#left(0) >= 0) || this.#refuse()
  }

  leaveHttp(): void {
    this.#add(HTTP, -1)
  }

  /** A raw TCP client was accepted. It counts even if it may not stay. */
  enterClient(isWanted: boolean): boolean {
    this.#add(CLIENTS, 1)
    return (isWanted && this.#hasRoom()) || this.#refuse()
  }

  /** An HTTP connection wants to become a client. @returns false: it stays what it is */
  becomeClient(): boolean {
    this.#add(HTTP, -1)
    this.#add(CLIENTS, 1)
    if (this.#hasRoom()) return true
    this.#add(CLIENTS, -1)
    this.#add(HTTP, 1)
    return this.#refuse()
  }

  /** Whether so few places are left that those who are refused must not even wait for a word about it. */
  get isTight(): boolean {
    const half = this.#limits.reserve / 2
    return this.#left(half) < half
  }

  /** @param lingerMs how long its file may stay open after this; 0: it is closed */
  leaveClient(lingerMs = 0): void {
    this.#add(CLIENTS, -1)
    if (lingerMs === 0) return
    this.#add(CLOSING, 1)
    this.#clock.after(lingerMs, this.#closed)
  }

  readonly #closed = (): void => this.#add(CLOSING, -1)

  #refuse(): false {
    this.refused++
    return false
  }

  #hasRoom(): boolean {
    if (this.clients > this.#limits.clientsMax) return false
    const needed = Math.max(0, this.#limits.reserve - Atomics.load(this.#words, HTTP))
    return this.#left(needed) >= needed
  }

  /**
   * How many connections there is room for, less than none if there are too many. Where the count comes to less than
   * `needed`, only because some are being closed, the kernel is asked: most are closed by then.
   */
  #left(needed: number): number {
    const words = this.#words
    const closing = Atomics.load(words, CLOSING)
    const counted = this.#limits.connectionsMax - this.clients - closing - Atomics.load(words, HTTP)
    if (counted >= needed || closing === 0) return counted
    const open = openFiles()
    return open === undefined ? counted : Math.max(counted, this.#limits.openFilesMax - SPARE_FILES - open)
  }

  #add(kind: Kind, step: number): void {
    Atomics.add(this.#words, kind, step)
    Atomics.add(this.#words, this.#row + kind, step)
  }
}
