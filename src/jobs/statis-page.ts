import { bucketJson } from '../statis/bucket.ts'
import { Store } from '../store/store.ts'
import { idAt, key } from '../store/table.ts'

export interface StatisPage {
  readonly dataDir: string
  /** The number of the precision in keys. */
  readonly precision: number
  readonly num: number
}

let store: Store | undefined

/**
 * The newest buckets of a precision as entries of a JSON array, newest first: one range scan of the store, made into text as
 * it goes. Thread: any; a long one runs in the pool (jobs.ts).
 */
export function statisEntries(of: Store, precision: number, num: number): string {
  const entries: string[] = []
  of.refresh()
  of.tables.statisBuckets.last(key(precision), num, (at, bucket) => {
    entries.push(bucketJson(entries.length, idAt(at, 1) as number, bucket))
  })
  return entries.join(',')
}

/** The job of the pool: opens the store of its thread once. */
export default function statisPage({ dataDir, precision, num }: StatisPage): string {
  store ??= Store.open(dataDir)
  return statisEntries(store, precision, num)
}
