import { closeSync, openSync, readSync, statSync } from 'node:fs'

/**
 * The beginning of an LMDB file, as lmdb-js 3.5 writes it, little-endian: two meta pages, of which the one of the newer
 * transaction holds. Opening a file that is shorter than it says ends the process by a signal.
 *
 *    24      28        48          144         152
 *    | magic | version | page size | last page | transaction
 */
const META = { MAGIC: 24, PAGE_SIZE: 48, LAST_PAGE: 144, TRANSACTION: 152, BYTES: 160 } as const
const MAGIC = 0xbeefc0de

/** @returns what is wrong with the file; undefined when it looks sound, or there is none yet */
export function fileProblem(path: string): string | undefined {
  const bytes = statSync(path, { throwIfNoEntry: false })?.size
  if (bytes === undefined) return undefined
  const first = readMeta(path, 0)
  if (first === undefined || first.magic !== MAGIC) return 'it does not begin like a store'
  const second = readMeta(path, first.pageSize)
  if (second === undefined || second.magic !== MAGIC) return 'its second page is damaged'
  const newer = first.transaction > second.transaction ? first : second
  const needed = (newer.lastPage + 1) * newer.pageSize
  return bytes < needed ? `it has ${bytes} bytes of ${needed}` : undefined
}

function readMeta(path: string, at: number) {
  const file = openSync(path, 'r')
  try {
    const meta = Buffer.alloc(META.BYTES)
    if (readSync(file, meta, 0, META.BYTES, at) < META.BYTES) return undefined
    return {
      magic: meta.readUInt32LE(META.MAGIC),
      pageSize: meta.readUInt32LE(META.PAGE_SIZE),
      lastPage: Number(meta.readBigUInt64LE(META.LAST_PAGE)),
      transaction: meta.readBigUInt64LE(META.TRANSACTION),
    }
  } finally {
    closeSync(file)
  }
}
