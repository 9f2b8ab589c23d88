import type { SessionContext } from '../session/context.ts'
import { StoredScope } from '../store/schema.ts'
import type { Core } from './core.ts'

/** The pushes to everybody that are still valid: each worker has its own copy, for who signs in at it. */
export function restoreBroadcasts({ store, clock }: Core, { broadcasts }: SessionContext): void {
  const now = clock.wall()
  broadcasts.restore(
    store.tables.storedPushes
      .list([StoredScope.ALL, 0])
      .filter(({ value }) => value.expiresAt > now)
      .map(({ key: [, , msgid], value }) => ({ ...value, msgid })),
  )
}
