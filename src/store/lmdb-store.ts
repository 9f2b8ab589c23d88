import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { type Database, open, type RootDatabase } from 'lmdb'
import { makeFolder } from '../util/make-folder.ts'
import { pack, unpack } from '../util/pack.ts'
import { fileProblem } from './check-file.ts'
import { LmdbTable } from './lmdb-table.ts'
import { migrations } from './migrations.ts'
import { SCHEMA_VERSION, tableNames, tableRows } from './schema.ts'
import { type Store, StoreError, type Tables } from './store.ts'

/** Whether an unhandled rejection is lmdb's own copy of a failed commit: the disk is full or broken. */
export function isCommitFailure(error: unknown): error is Error {
  return error instanceof Error && /[\\/]lmdb[\\/]/.test(error.stack ?? '')
}

/** For the files of the environment: the key that signs tokens is in them. The types do not have it. */
const onlyForUs = { permissionsMode: 0o600 } as const

/** Slots for reading: of main and of other processes, which may look into the store. */
const READERS = 64
/** A worker and its thread for long answers, twice while it is being replaced. */
const READERS_PER_WORKER = 4

const binary = { keyEncoding: 'binary', encoding: 'binary' } as const

/** The LMDB environment, opened by main and by every worker; all of them share it. */
export class LmdbStore implements Store {
  readonly tables: Tables
  readonly #root: RootDatabase<Buffer, Buffer>
  readonly #meta: Database<Buffer, Buffer>
  /** The outcome of the last write; writes of one turn are one commit. */
  #lastWrite: Promise<boolean> = Promise.resolve(true)

  private constructor(root: RootDatabase<Buffer, Buffer>) {
    this.#root = root
    this.#meta = root.openDB<Buffer, Buffer>('meta', binary)
    this.tables = Object.fromEntries(
      tableNames.map(name => [
        name,
        new LmdbTable(
          root.openDB<Buffer, Buffer>(tableRows[name].name ?? name, binary),
          tableRows[name].isText,
          this.#written,
        ),
      ]),
    ) as unknown as Tables
  }

  /**
   * Opens the environment in `folder`, which is made if it is not there; brings an older schema up to date.
   * Thread: main, before any worker starts. @param workers how many will open it @throws StoreError when it is damaged, newer or not accessible
   */
  static async prepare(folder: string, workers = 1): Promise<LmdbStore> {
    const problem = fileProblem(join(folder, 'data.mdb'))
    if (problem !== undefined) throw new StoreError(`the store in ${folder} is damaged: ${problem}; restore a backup`)
    const store = LmdbStore.open(folder, workers)
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

  /** Opens an environment that main has prepared. Thread: any. @param workers counts only for the first of a process */
  static open(folder: string, workers = 1): LmdbStore {
    try {
      makeFolder(folder)
      return new LmdbStore(
        open<Buffer, Buffer>({
          path: folder,
          noSubdir: false,
          maxDbs: 64,
          maxReaders: READERS + workers * READERS_PER_WORKER,
          ...onlyForUs,
          ...binary,
        }),
      )
    } catch (error) {
      throw new StoreError(`cannot open the data folder ${folder}: ${error instanceof Error ? error.message : error}`)
    }
  }

  get tokenKey(): Buffer {
    const found = this.#meta.get(name('token-key'))
    if (found === undefined) throw new StoreError('the store was not prepared')
    return Buffer.from(found)
  }

  async commit(): Promise<void> {
    const written = this.#lastWrite
    try {
      await written
      await this.#root.flushed
    } catch (error) {
      // It is told to those who wrote in its tick, not to whoever comes later and has written nothing.
      if (this.#lastWrite === written) this.#lastWrite = Promise.resolve(true)
      throw new StoreError(`the store did not take a change: ${error instanceof Error ? error.message : error}`)
    }
  }

  async allocate(counter: string, count: number, first: number): Promise<number> {
    let start = first
    try {
      await this.#root.transaction(() => {
        start = this.#number(counter) ?? first
        this.#setNumber(counter, start + count)
      })
    } catch (error) {
      throw new StoreError(`the store gave no numbers: ${error instanceof Error ? error.message : error}`)
    }
    await this.commit()
    return start
  }

  refresh(): void {
    this.#root.resetReadTxn()
  }

  setting(setting: string): number | undefined {
    return this.#number(setting)
  }

  setSetting(setting: string, value: number): void {
    this.#setNumber(setting, value)
  }

  async close(): Promise<void> {
    await this.#root.close()
  }

  /** `commit` reports a failed write; the rejection itself must not end the process. */
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
