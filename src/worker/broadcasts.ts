import { StoredScope } from '../contract/stored.ts'
import type { SessionContext } from '../session/context.ts'
import type { Core } from './core.ts'

/** Loads the valid pushes to everybody: each worker keeps a copy for the sessions that sign in there. */
export function restoreBroadcasts({ store, clock }: Core, { broadcasts }: SessionContext): void {
  const now = clock.wall()
  broadcasts.restore(
    store.tables.storedPushes
      .list([StoredScope.ALL, 0])
      .filter(({ value }) => value.expiresAt > now)
      .map(({ key: [, , msgid], value }) => ({ ...value, msgid })),
  )
}
