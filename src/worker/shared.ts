import type { Link } from '../bus/bus.ts'
import type { Options } from '../config/options.ts'
import type { Listener } from '../http/api.ts'

/** What main hands a worker when it starts it. */
export interface WorkerStart {
  readonly index: number
  readonly options: Options
  /** The port that was chosen; the option may say 0. */
  readonly httpPort: number
  /**
   * The bound socket for raw TCP, of this worker alone: it closes it. Made by main, because workers
   * must not load node-unix-socket (docs/engine.md, 5).
   */
  readonly tcpFd: number
  readonly listeners: readonly Listener[]
  /** One per worker, itself included. */
  readonly links: readonly Link[]
  readonly wakeWords: SharedArrayBuffer
  readonly counters: SharedArrayBuffer
  /** One 32-bit word: 1 from the signal to stop on. */
  readonly draining: SharedArrayBuffer
}

/** What main tells a worker. */
export type ToWorker =
  /** A worker ended: until it is replaced nothing reaches it. */
  | { readonly type: 'peerLost'; readonly worker: number }
  /** Another takes its place, over new rings. */
  | { readonly type: 'peerReplaced'; readonly worker: number; readonly link: Link }
  /** Close the listeners and every connection, then say `drained`. */
  | { readonly type: 'drain' }
  /** End, with everything on the disk. */
  | { readonly type: 'exit' }

/** What a worker tells main. */
export type FromWorker = { readonly type: 'ready' } | { readonly type: 'drained' }
