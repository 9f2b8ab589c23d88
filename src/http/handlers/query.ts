import { groupBy } from '../../util/group-by.ts'
import type { Id } from '../../util/id.ts'
import type { Api } from '../api.ts'
import { granted } from '../api-error.ts'

/** Whether a user is online, and the rooms that any of his sessions is in. */
export async function userStatus(api: Api, { uid }: { readonly uid: Id }) {
  const sessions = await sessionsOf(api, uid)
  const byWorker = groupBy(sessions, ({ worker }) => worker)
  const rooms = new Set<Id>()
  for (const [worker, some] of byWorker) {
    const rids = granted(await api.calls.ask(worker, 'sessionRooms', { cids: some.map(({ cid }) => cid) }))
    for (const rid of rids) rooms.add(rid)
  }
  const list = [...rooms].map((rid, idx) => ({ idx, rid }))
  const status: 0 | 1 = sessions.length > 0 ? 1 : 0
  return { uid, status, len: list.length, list }
}

/** The sessions of a user that are online. */
export async function sidList(api: Api, { uid }: { readonly uid: Id }) {
  const list = (await sessionsOf(api, uid)).map(({ sid }, idx) => ({ idx, sid }))
  return { uid, len: list.length, list }
}

async function sessionsOf(api: Api, uid: Id) {
  return granted(await api.calls.ask(api.placement.ownerOf(uid), 'userSessions', { uid }))
}
