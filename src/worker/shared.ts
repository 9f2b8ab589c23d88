import type { LimitTables } from '../admission/limits.ts'
import type { PlaceLimits } from '../admission/places.ts'
import type { Link } from '../bus/bus.ts'
import type { Options } from '../config/options.ts'
import type { Listener } from '../contract/listener.ts'

/** What main passes to a worker at its start. */
export interface WorkerStart {
  readonly index: number
  /** How many workers had its seat before. */
  readonly generation: number
  readonly options: Options
  /** The API keys that count. None: direct callers on this machine need none. */
  readonly apiKeys: readonly string[]
  readonly listeners: readonly Listener[]
  /**
   * For each listener of raw TCP its bound socket, of this worker alone: it closes it. Made by main, because workers must
   * not load node-unix-socket (docs/engine.md, 5). Undefined for the others.
   */
  readonly sockets: readonly (number | undefined)[]
  /** One per worker, itself included. */
  readonly links: readonly Link[]
  readonly wakeWords: SharedArrayBuffer
  readonly counters: SharedArrayBuffer
  /** The count of connections of all workers (admission/places.ts). */
  readonly places: SharedArrayBuffer
  readonly placeLimits: PlaceLimits
  readonly limitTables: LimitTables
  /** One 32-bit word: 1 as soon as main has the signal to stop. */
  readonly draining: SharedArrayBuffer
}

/** Messages from main to a worker. */
export type ToWorker =
  /** A worker ended: nothing reaches it until it is replaced. */
  | { readonly type: 'peerLost'; readonly worker: number }
  /** Another takes its place, over new rings. */
  | { readonly type: 'peerReplaced'; readonly worker: number; readonly link: Link }
  /** Close the listeners and every connection, then say `drained`. */
  | { readonly type: 'drain' }
  /** End, with everything on the disk. */
  | { readonly type: 'exit' }

/** Messages from a worker to main. */
export type FromWorker = { readonly type: 'ready' } | { readonly type: 'drained' }
