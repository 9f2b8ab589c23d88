/*
 * Loaded into the gateway's process before its own code (NODE_OPTIONS): brings about in the workers
 * what should never happen.
 */
import { existsSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'
import { LmdbStore } from '#dist/store/lmdb-store.js'
import { StoreError } from '#dist/store/store.js'

/** A push with this text meets a defect. */
export const DEFECTIVE = 'a text that brings about a defect'

const fullDisk = process.env['IMGATE_TEST_FULL_DISK']

if (!isMainThread) {
  const from = Buffer.from as (...args: unknown[]) => Buffer
  Object.assign(Buffer, {
    from(...args: unknown[]) {
      if (args[0] === DEFECTIVE) throw new Error('a defect of a test')
      return from(...args)
    },
  })
  const { commit } = LmdbStore.prototype
  LmdbStore.prototype.commit = async function (this: LmdbStore): Promise<void> {
    // The file stands for a disk that is full.
    if (fullDisk !== undefined && existsSync(fullDisk)) throw new StoreError('a full disk of a test')
    await commit.call(this)
  }
}
