import type { Id } from '../util/id.ts'
import type { Key, Prefix } from './key.ts'
import type { KeyOf, TableName, ValueOf } from './schema.ts'

/** The environment cannot be used, or refused a change; the message says what to do. */
export class StoreError extends Error {}

/**
 * One table. Reads are synchronous and see what was committed when this tick began (or `Store.refresh` was called), never a
 * write that is still on its way. Writes are queued, keep their order, and last when `Store.commit` says so.
 */
export interface Table<K extends Key, V> {
  get(key: K): V | undefined
  put(key: K, value: V): void
  remove(key: K): void
  /** All entries with these first ids, in key order. */
  list(prefix: Prefix<K>): { readonly key: K; readonly value: V }[]
  /** The entries whose next id is above `after` (undefined: all), in key order, `num` at most: a page costs what is in it. */
  page(prefix: Prefix<K>, after: Id | undefined, num: number): { readonly key: K; readonly value: V }[]
  /** Only their keys: the values are not read. */
  keys(prefix: Prefix<K>): K[]
  /** Each key of the table, in order; none of them is kept. @param visit must not wait, read or write */
  eachKey(visit: (key: K) => void): void
  /** The entries, last first, while `visit` says to go on. @param visit must not wait or write */
  last(prefix: Prefix<K>, visit: (key: K, value: V) => boolean): void
  removeAll(prefix: Prefix<K>): void
}

export type Tables = { readonly [N in TableName]: Table<KeyOf<N>, ValueOf<N>> }

/**
 * The durable state. All writes of one tick become one transaction: either all of them last or no write does. The home of an
 * entity is the only writer of its keys. A change is acknowledged only after `commit`: it is then on the disk, not only with
 * the kernel.
 * One contract, tested by one suite: LMDB (lmdb-store.ts), and the model that tests and the simulation run on (memory-store.ts).
 */
export interface Store {
  readonly tables: Tables
  /** The key of the MAC of tokens: made once, the same on every start. */
  readonly tokenKey: Buffer
  /** Waits until everything that was written so far is on the disk.
   *  @throws StoreError when the disk refused it: acknowledge nothing of it; reads show the state from before */
  commit(): Promise<void>
  /**
   * Takes `count` numbers that are never handed out twice, over all threads and restarts.
   * @param counter its name; it begins at `first` @returns the lowest of them, once that is durable @throws StoreError
   */
  allocate(counter: string, count: number, first: number): Promise<number>
  /** Makes later reads of this tick see what other threads have committed by now. */
  refresh(): void
  /** A setting of the whole service. */
  setting(setting: string): number | undefined
  setSetting(setting: string, value: number): void
  close(): Promise<void>
}
