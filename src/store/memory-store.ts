import type { Clock } from '../util/clock.ts'
import type { Id } from '../util/id.ts'
import { pack, unpack } from '../util/pack.ts'
import { above, decodeKey, encodeKey, endOf, type Key, type Prefix } from './key.ts'
import { type TableName, tableNames, tableRows } from './schema.ts'
import { type Store, StoreError, type Table, type Tables } from './store.ts'

/** A write that is on its way; no value: a removal. */
interface Write {
  readonly table: string
  readonly at: string
  readonly value: Buffer | undefined
}

/** No value: a removal. */
type QueueWrite = (table: string, at: string, value: Buffer | undefined) => void

const META = 'meta'

/** The disk that several model stores share, as threads share a file. It outlives them: a restart opens it again. */
export class MemoryDisk {
  /** By table, by key: its bytes as text of one character a byte, which sorts as the bytes do. */
  readonly tables = new Map<string, Map<string, Buffer>>([META, ...tableNames].map(name => [name, new Map()]))
  readonly tokenKey = Buffer.alloc(32, 0x5a)
  /** This many of the next transactions fail, as on a full disk. */
  failures = 0

  number(counter: string): number | undefined {
    const bytes = this.tables.get(META)!.get(counter)
    return bytes === undefined ? undefined : (unpack(bytes) as number)
  }

  /** One transaction: all of it or nothing. @throws StoreError */
  write(writes: readonly Write[]): void {
    if (this.failures > 0) {
      this.failures--
      throw new StoreError('the store did not take a change: the model was told to refuse it')
    }
    for (const { table, at, value } of writes) {
      if (value === undefined) this.tables.get(table)!.delete(at)
      else this.tables.get(table)!.set(at, value)
    }
  }
}

/** A model of the store without a disk: the same contract on a clock that a test turns. Thread: one. */
export class MemoryStore implements Store {
  readonly tables: Tables
  readonly #disk: MemoryDisk
  readonly #clock: Clock
  readonly #delayMs: () => number
  /** The transaction of this tick. */
  #open: Write[] | undefined
  #last: Promise<void> = Promise.resolve()

  /** @param delayMs how long a transaction takes, asked for each */
  constructor(disk: MemoryDisk, clock: Clock, delayMs: () => number = () => 0) {
    this.#disk = disk
    this.#clock = clock
    this.#delayMs = delayMs
    this.tables = Object.fromEntries(
      tableNames.map(name => [name, new MemoryTable(disk.tables.get(name)!, name, this.#write)]),
    ) as unknown as Tables
  }

  get tokenKey(): Buffer {
    return this.#disk.tokenKey
  }

  async commit(): Promise<void> {
    await this.#last
  }

  async allocate(counter: string, count: number, first: number): Promise<number> {
    // Read and written in one step, as inside a transaction.
    let start = first
    await this.#inOrder(() => {
      start = this.#disk.number(counter) ?? first
      this.#disk.write([{ table: META, at: counter, value: Buffer.from(pack(start + count)) }])
    })
    return start
  }

  refresh(): void {}

  setting(setting: string): number | undefined {
    return this.#disk.number(setting)
  }

  setSetting(setting: string, value: number): void {
    this.#write(META, setting, Buffer.from(pack(value)))
  }

  async close(): Promise<void> {
    await this.#last.catch(() => undefined)
  }

  readonly #write: QueueWrite = (table, at, value) => {
    if (this.#open === undefined) {
      const writes: Write[] = []
      this.#open = writes
      this.#clock.soon(() => {
        if (this.#open === writes) this.#open = undefined
      })
      // Until then others of this tick join in, unless it was written before.
      this.#inOrder(() => {
        if (this.#open === writes) this.#open = undefined
        this.#disk.write(writes)
      }).catch(() => undefined)
    }
    this.#open.push({ table, at, value })
  }

  /** One transaction after the other, each after its time. */
  #inOrder(run: () => void): Promise<void> {
    const previous = this.#last.catch(() => undefined)
    const outcome = new Promise<void>((resolve, reject) => {
      this.#clock.after(this.#delayMs() + 1, () => {
        previous.then(() => {
          try {
            run()
            resolve()
          } catch (error) {
            reject(error)
          }
        })
      })
    })
    outcome.catch(() => undefined)
    this.#last = outcome
    return outcome
  }
}

class MemoryTable<K extends Key, V> implements Table<K, V> {
  readonly #entries: Map<string, Buffer>
  readonly #name: TableName
  readonly #write: QueueWrite

  constructor(entries: Map<string, Buffer>, name: TableName, write: QueueWrite) {
    this.#entries = entries
    this.#name = name
    this.#write = write
  }

  get(key: K): V | undefined {
    const bytes = this.#entries.get(textOf(key))
    return bytes === undefined ? undefined : (unpack(bytes) as V)
  }

  put(key: K, value: V): void {
    this.#write(this.#name, textOf(key), Buffer.from(pack(value)))
  }

  remove(key: K): void {
    this.#write(this.#name, textOf(key), undefined)
  }

  list(prefix: Prefix<K>): { key: K; value: V }[] {
    return this.#texts(prefix).map(at => ({ key: this.#keyOf(at), value: unpack(this.#entries.get(at)!) as V }))
  }

  page(prefix: Prefix<K>, after: Id | undefined, num: number): { key: K; value: V }[] {
    const from = after === undefined ? '' : above(prefix, after).toString('latin1')
    const texts = this.#texts(prefix).filter(at => at > from)
    return texts.slice(0, num).map(at => ({ key: this.#keyOf(at), value: unpack(this.#entries.get(at)!) as V }))
  }

  keys(prefix: Prefix<K>): K[] {
    return this.#texts(prefix).map(at => this.#keyOf(at))
  }

  eachKey(visit: (key: K) => void): void {
    for (const at of this.#texts([])) visit(this.#keyOf(at))
  }

  last(prefix: Prefix<K>, visit: (key: K, value: V) => boolean): void {
    for (const at of this.#texts(prefix).reverse()) {
      if (!visit(this.#keyOf(at), unpack(this.#entries.get(at)!) as V)) return
    }
  }

  removeAll(prefix: Prefix<K>): void {
    for (const at of this.#texts(prefix)) this.#write(this.#name, at, undefined)
  }

  #keyOf(at: string): K {
    return decodeKey<K>(Buffer.from(at, 'latin1'), tableRows[this.#name].isText)
  }

  #texts(prefix: Key): string[] {
    const start = encodeKey(prefix)
    const [from, to] = [start.toString('latin1'), endOf(start).toString('latin1')]
    return [...this.#entries.keys()].filter(at => at >= from && at < to).sort()
  }
}

function textOf(key: Key): string {
  return encodeKey(key).toString('latin1')
}
