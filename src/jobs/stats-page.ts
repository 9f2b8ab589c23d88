import { ENTRY_BYTES } from '../stats/page.ts'
import { BucketText } from '../stats/text.ts'
import { LmdbStore } from '../store/lmdb-store.ts'
import type { Store } from '../store/store.ts'

export interface StatsPage {
  readonly dataDir: string
  /** The number of the precision in keys. */
  readonly precision: number
  readonly num: number
}

/** Entries of a JSON array, and how many they are. */
export interface StatsText {
  readonly text: string
  readonly count: number
}

let store: Store | undefined

/**
 * The newest buckets of a precision as entries of a JSON array, newest first: one range scan of the store, made into text as
 * it goes. Thread: any; a long one runs in the pool (jobs.ts).
 */
export function statsEntries(of: Store, precision: number, num: number): StatsText {
  of.refresh()
  const text = new BucketText()
  of.tables.statsBuckets.last([precision], (_at, page) => {
    for (let at = page.length - ENTRY_BYTES; at >= 0 && text.count < num; at -= ENTRY_BYTES) text.add(page, at)
    return text.count < num
  })
  return { text: text.toString(), count: text.count }
}

/** The job of the pool: opens the store of its thread once. */
export default function statsPage({ dataDir, precision, num }: StatsPage): StatsText {
  store ??= LmdbStore.open(dataDir)
  return statsEntries(store, precision, num)
}
