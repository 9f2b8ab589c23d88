import type { Key } from './key.ts'
import type { Table } from './store.ts'

/**
 * Reads the entries of a table that are this worker's own, one by one: of those of other workers only the keys, and nothing of
 * them is kept. @param isOwn asked for every key
 */
export function readOwn<K extends Key, V>(
  table: Table<K, V>,
  isOwn: (key: K) => boolean,
  use: (key: K, value: V) => void,
): void {
  const own: K[] = []
  table.eachKey(key => {
    if (isOwn(key)) own.push(key)
  })
  for (const key of own) {
    const value = table.get(key)
    if (value !== undefined) use(key, value)
  }
}
