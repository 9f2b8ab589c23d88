import type { SessionRecord } from '../store/schema.ts'
import { key } from '../store/table.ts'
import type { Id } from '../util/id.ts'
import type { Api } from './api.ts'

/** What was registered under a sid, also a moment ago by another worker: the snapshot that is read may be older. */
export function sessionRecord({ store }: Api, sid: Id): SessionRecord | undefined {
  const at = key(sid)
  const known = store.tables.sessions.get(at)
  if (known !== undefined) return known
  store.refresh()
  return store.tables.sessions.get(at)
}
