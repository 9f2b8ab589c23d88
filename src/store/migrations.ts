import type { RootDatabase } from 'lmdb'

/**
 * How an environment of version n becomes one of version n + 1: `migrations[n]`. Each runs in one transaction together
 * with the new version number, before any worker starts. Version 0 is an empty environment.
 */
export const migrations: readonly ((root: RootDatabase<Buffer, Buffer>) => void)[] = [
  // 0 to 1: nothing is there yet.
  () => undefined,
]
