import type { Database } from 'lmdb'
import { type Id, readId, writeId } from '../util/id.ts'
import { pack, unpack } from '../util/pack.ts'

/** A key of one or more ids: 8 bytes each, big-endian, so that all keys of one first id stand together in order. */
export function key(...ids: readonly Id[]): Buffer {
  const bytes = Buffer.allocUnsafe(ids.length * 8)
  let at = 0
  for (const id of ids) at = writeId(bytes, at, id)
  return bytes
}

/** The id at position `index` of a key. */
export function idAt(bytes: Buffer, index: number): Id {
  return readId(bytes, index * 8)
}

/**
 * One table of the store: keys of bytes, values packed. Reads are synchronous, from a snapshot as of this tick. Writes are
 * queued and made in order; they are there when `Store.commit` says so.
 */
export class Table<V> {
  readonly #db: Database<Buffer, Buffer>
  readonly #onWrite: (write: Promise<boolean>) => void

  /** @param onWrite gets the outcome of each write, for `Store.commit` */
  constructor(db: Database<Buffer, Buffer>, onWrite: (write: Promise<boolean>) => void) {
    this.#db = db
    this.#onWrite = onWrite
  }

  get(at: Buffer): V | undefined {
    const bytes = this.#db.get(at)
    return bytes === undefined ? undefined : (unpack(bytes) as V)
  }

  put(at: Buffer, value: V): void {
    this.#onWrite(this.#db.put(at, Buffer.from(pack(value))))
  }

  remove(at: Buffer): void {
    this.#onWrite(this.#db.remove(at))
  }

  /** All entries whose keys begin with `prefix`, in key order, as an array: nothing may wait inside a range (docs/engine.md, 6). */
  list(prefix: Buffer = Buffer.alloc(0)): { key: Buffer; value: V }[] {
    const end = Buffer.alloc(prefix.length + 24, 0xff)
    prefix.copy(end)
    const entries: { key: Buffer; value: V }[] = []
    for (const { key, value } of this.#db.getRange({ start: prefix, end })) {
      entries.push({ key: Buffer.from(key), value: unpack(value) as V })
    }
    return entries
  }

  /** The entries whose keys begin with `prefix`, last first, while `visit` says to go on. @param visit must not wait or write */
  last(prefix: Buffer, visit: (at: Buffer, value: V) => boolean): void {
    const end = Buffer.alloc(prefix.length + 24, 0xff)
    prefix.copy(end)
    for (const { key, value } of this.#db.getRange({ start: end, end: prefix, reverse: true })) {
      if (!visit(key, unpack(value) as V)) return
    }
  }

  /** How many keys begin with `prefix`. */
  count(prefix: Buffer): number {
    const end = Buffer.alloc(prefix.length + 24, 0xff)
    prefix.copy(end)
    return this.#db.getKeysCount({ start: prefix, end })
  }

  /** Only the keys: the values are not read. */
  keys(prefix: Buffer): Buffer[] {
    const end = Buffer.alloc(prefix.length + 24, 0xff)
    prefix.copy(end)
    return Array.from(this.#db.getKeys({ start: prefix, end }), found => Buffer.from(found))
  }

  removeAll(prefix: Buffer): void {
    for (const found of this.keys(prefix)) this.remove(found)
  }
}
