import { groupBy } from '../../util/group-by.ts'
import type { Rid, Uid } from '../../util/id.ts'
import { granted } from '../api-error.ts'
import type { HttpContext } from '../context.ts'

/** Whether a user is online, and all rooms that sessions of the user are in. */
export async function userStatus(context: HttpContext, { uid }: { readonly uid: Uid }) {
  const sessions = await sessionsOf(context, uid)
  const byWorker = groupBy(sessions, ({ worker }) => worker)
  const rooms = new Set<Rid>()
  for (const [worker, some] of byWorker) {
    const rids = granted(await context.calls.ask(worker, 'sessionRooms', { cids: some.map(({ cid }) => cid) }))
    for (const rid of rids) rooms.add(rid)
  }
  const list = [...rooms].map((rid, idx) => ({ idx, rid }))
  const status: 0 | 1 = sessions.length > 0 ? 1 : 0
  return { uid, status, len: list.length, list }
}

/** The sessions of a user that are online. */
export async function sidList(context: HttpContext, { uid }: { readonly uid: Uid }) {
  const list = (await sessionsOf(context, uid)).map(({ sid }, idx) => ({ idx, sid }))
  return { uid, len: list.length, list }
}

async function sessionsOf(context: HttpContext, uid: Uid) {
  return granted(await context.calls.ask(context.placement.homeOf(uid), 'userSessions', { uid }))
}
