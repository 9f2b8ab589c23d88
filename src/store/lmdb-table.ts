import type { Database } from 'lmdb'
import type { Id } from '../util/id.ts'
import { pack, unpack } from '../util/pack.ts'
import { above, decodeKey, encodeKey, endOf, type Key, type Prefix } from './key.ts'
import type { Table } from './store.ts'

/** A table in LMDB: keys of bytes, values packed. Ranges are made into arrays at once: nothing may wait inside one (docs/engine.md, 6). */
export class LmdbTable<K extends Key, V> implements Table<K, V> {
  readonly #db: Database<Buffer, Buffer>
  readonly #isText: boolean
  readonly #onWrite: (write: Promise<boolean>) => void

  /** @param onWrite gets the outcome of each write, for `Store.commit` */
  constructor(db: Database<Buffer, Buffer>, isText: boolean, onWrite: (write: Promise<boolean>) => void) {
    this.#db = db
    this.#isText = isText
    this.#onWrite = onWrite
  }

  get(key: K): V | undefined {
    const bytes = this.#db.get(encodeKey(key))
    return bytes === undefined ? undefined : (unpack(bytes) as V)
  }

  put(key: K, value: V): void {
    this.#onWrite(this.#db.put(encodeKey(key), Buffer.from(pack(value))))
  }

  remove(key: K): void {
    this.#onWrite(this.#db.remove(encodeKey(key)))
  }

  list(prefix: Prefix<K>): { key: K; value: V }[] {
    return Array.from(this.#db.getRange(range(prefix)), ({ key, value }) => ({
      key: decodeKey<K>(key, this.#isText),
      value: unpack(value) as V,
    }))
  }

  page(prefix: Prefix<K>, after: Id | undefined, num: number): { key: K; value: V }[] {
    const { start: first, end } = range(prefix)
    const start = after === undefined ? first : above(prefix, after)
    return Array.from(this.#db.getRange({ start, end, limit: num }), ({ key, value }) => ({
      key: decodeKey<K>(key, this.#isText),
      value: unpack(value) as V,
    }))
  }

  keys(prefix: Prefix<K>): K[] {
    return Array.from(this.#db.getKeys(range(prefix)), found => decodeKey<K>(found, this.#isText))
  }

  eachKey(visit: (key: K) => void): void {
    for (const found of this.#db.getKeys()) visit(decodeKey<K>(found, this.#isText))
  }

  last(prefix: Prefix<K>, visit: (key: K, value: V) => boolean): void {
    const { start, end } = range(prefix)
    for (const { key, value } of this.#db.getRange({ start: end, end: start, reverse: true })) {
      if (!visit(decodeKey<K>(key, this.#isText), unpack(value) as V)) return
    }
  }

  removeAll(prefix: Prefix<K>): void {
    for (const found of Array.from(this.#db.getKeys(range(prefix)), at => Buffer.from(at))) {
      this.#onWrite(this.#db.remove(found))
    }
  }
}

function range(prefix: Key): { start: Buffer; end: Buffer } {
  const start = encodeKey(prefix)
  return { start, end: endOf(start) }
}
