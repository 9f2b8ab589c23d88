import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { type Database, open, type RootDatabase } from 'lmdb'
import { makeFolder } from '../util/make-folder.ts'
import { pack, unpack } from '../util/pack.ts'
import { fileProblem } from './check-file.ts'
import { migrations } from './migrations.ts'
import { SCHEMA_VERSION, type Schema, tableNames } from './schema.ts'
import { Table } from './table.ts'

/** The environment cannot be used, or did not take a change; the message says what to do. */
export class StoreError extends Error {}

/** Whether an error that nobody awaited is lmdb's own copy of a failed commit: a full disk, or one that is broken. */
export function isCommitFailure(error: unknown): error is Error {
  return error instanceof Error && /[\\/]lmdb[\\/]/.test(error.stack ?? '')
}

type Tables = { readonly [N in keyof Schema]: Table<Schema[N]> }

/**
 * For the files of the environment: the key that signs tokens is in them. The types do not have it.
 */
const onlyForUs = { permissionsMode: 0o600 } as const

const binary = { keyEncoding: 'binary', encoding: 'binary' } as const

/**
 * The LMDB environment, opened by main and by every worker; all of them share it. The owner of an entity is the only
 * writer of its keys. A change is acknowledged only after `commit`: it is then on the disk, not only with the kernel.
 */
export class Store {
  readonly tables: Tables
  readonly #root: RootDatabase<Buffer, Buffer>
  readonly #meta: Database<Buffer, Buffer>
  /** The outcome of the last write; writes of one turn are one commit. */
  #lastWrite: Promise<boolean> = Promise.resolve(true)

  private constructor(root: RootDatabase<Buffer, Buffer>) {
    this.#root = root
    this.#meta = root.openDB<Buffer, Buffer>('meta', binary)
    this.tables = Object.fromEntries(
      tableNames.map(name => [name, new Table(root.openDB<Buffer, Buffer>(name, binary), this.#written)]),
    ) as unknown as Tables
  }

  /**
   * Opens the environment in `folder`, which is made if it is not there; brings an older schema up to date.
   * Thread: main, before any worker starts. @throws StoreError when it is damaged, newer or not accessible
   */
  static async prepare(folder: string): Promise<Store> {
    const problem = fileProblem(join(folder, 'data.mdb'))
    if (problem !== undefined) throw new StoreError(`the store in ${folder} is damaged: ${problem}; restore a backup`)
    const store = Store.open(folder)
    const version = store.#number('schema') ?? 0
    if (version > SCHEMA_VERSION) {
      store.#root.close()
      throw new StoreError(
        `${folder} was written by a newer imgate (schema ${version}, this one knows ${SCHEMA_VERSION}): use that one`,
      )
    }
    for (let from = version; from < SCHEMA_VERSION; from++) {
      store.#root.transactionSync(() => {
        migrations[from]!(store.#root)
        store.#setNumber('schema', from + 1)
      })
    }
    if (store.#meta.get(name('token-key')) === undefined)
      store.#written(store.#meta.put(name('token-key'), randomBytes(32)))
    await store.commit()
    return store
  }

  /** Opens an environment that main has prepared. Thread: any. */
  static open(folder: string): Store {
    try {
      makeFolder(folder)
      return new Store(open<Buffer, Buffer>({ path: folder, noSubdir: false, maxDbs: 64, ...onlyForUs, ...binary }))
    } catch (error) {
      throw new StoreError(`cannot open the data folder ${folder}: ${error instanceof Error ? error.message : error}`)
    }
  }

  /** The key of the MAC of tokens: made once, the same on every start. */
  get tokenKey(): Buffer {
    const found = this.#meta.get(name('token-key'))
    if (found === undefined) throw new StoreError('the store was not prepared')
    return Buffer.from(found)
  }

  /**
   * Waits until everything that was written so far is on the disk.
   * @throws StoreError when it could not be written: nothing of it may be acknowledged
   */
  async commit(): Promise<void> {
    try {
      await this.#lastWrite
      await this.#root.flushed
    } catch (error) {
      throw new StoreError(`the store did not take a change: ${error instanceof Error ? error.message : error}`)
    }
  }

  /**
   * Takes `count` numbers that nobody has had or will have, over all threads and restarts.
   * @param counter its name; it begins at `first` @returns the lowest of them, once that is durable
   */
  async allocate(counter: string, count: number, first: number): Promise<number> {
    const start = await this.#root.transaction(() => {
      const next = this.#number(counter) ?? first
      this.#setNumber(counter, next + count)
      return next
    })
    await this.commit()
    return start
  }

  /** Makes later reads of this tick see what other threads have committed by now. */
  refresh(): void {
    this.#root.resetReadTxn()
  }

  /** A setting of the whole service. */
  setting(setting: string): number | undefined {
    return this.#number(setting)
  }

  setSetting(setting: string, value: number): void {
    this.#setNumber(setting, value)
  }

  async close(): Promise<void> {
    await this.#root.close()
  }

  /** A write that fails is told by `commit`; on its own it must not end the process. */
  readonly #written = (write: Promise<boolean>): void => {
    this.#lastWrite = write
    write.catch(() => undefined)
  }

  #number(of: string): number | undefined {
    const bytes = this.#meta.get(name(of))
    return bytes === undefined ? undefined : (unpack(bytes) as number)
  }

  #setNumber(of: string, value: number): void {
    this.#written(this.#meta.put(name(of), Buffer.from(pack(value))))
  }
}

function name(text: string): Buffer {
  return Buffer.from(text)
}
