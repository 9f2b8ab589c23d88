import { pageOf } from '../../contract/page.ts'
import { ErrorCode } from '../../protocol/error-code.ts'
import type { Rid, Uid, UidOrAll } from '../../util/id.ts'
import { granted } from '../api-error.ts'
import type { HttpContext } from '../context.ts'
import { mergeTop } from '../ranked.ts'

interface Room {
  readonly rid: Rid
}
interface User extends Room {
  readonly uid: Uid
}
interface Gag extends Room {
  readonly uid?: UidOrAll | undefined
}

/** Blacklists the user in the room: removes all sessions of the user and refuses joins. */
export async function addRoomBlacklist({ calls, placement }: HttpContext, { rid, uid }: User) {
  granted(await calls.ask(placement.homeOf(rid), 'roomBlacklist', { rid, uid, on: true }))
  return {}
}

export async function deleteRoomBlacklist({ calls, placement }: HttpContext, { rid, uid }: User) {
  granted(await calls.ask(placement.homeOf(rid), 'roomBlacklist', { rid, uid, on: false }))
  return {}
}

/** Gags one user in a room, or everybody when `uid` is absent or 0. */
export async function addRoomGag({ calls, placement }: HttpContext, { rid, uid = 0 }: Gag) {
  granted(await calls.ask(placement.homeOf(rid), 'roomGag', { rid, uid, on: true }))
  return {}
}

/** Lifts the gag of one user, or the gag of everybody. One does not lift the other. */
export async function deleteRoomGag({ calls, placement }: HttpContext, { rid, uid = 0 }: Gag) {
  granted(await calls.ask(placement.homeOf(rid), 'roomGag', { rid, uid, on: false }))
  return {}
}

/** Closing a closed room changes nothing. */
export async function closeRoom({ calls, placement }: HttpContext, { rid }: Room) {
  const answer = await calls.ask(placement.homeOf(rid), 'roomDismiss', { rid })
  if (!('refused' in answer) || answer.refused !== ErrorCode.CLOSED.code) granted(answer)
  return {}
}

export async function openRoom({ calls, placement }: HttpContext, { rid }: Room) {
  granted(await calls.ask(placement.homeOf(rid), 'roomOpen', { rid }))
  return {}
}

/** Sets the places per sub-group of one room or, without a rid, of all rooms without a setting of their own. */
export async function setRoomCap(
  { calls, placement }: HttpContext,
  { rid, cap }: { readonly rid?: Rid | undefined; readonly cap: number },
) {
  if (rid !== undefined) return { rid, ...granted(await calls.ask(placement.homeOf(rid), 'roomCap', { rid, cap })) }
  granted(await calls.ask(placement.ofAll, 'roomSetDefaultCap', { cap }))
  return { cap }
}

export async function getRoomCap({ calls, placement }: HttpContext, { rid }: { readonly rid?: Rid | undefined }) {
  if (rid !== undefined) return { rid, ...granted(await calls.ask(placement.homeOf(rid), 'roomCap', { rid })) }
  return granted(await calls.askHere('roomDefaultCap', {}))
}

/** The rooms with the most sessions. */
export async function topRooms(context: HttpContext, { num = 10 }: { readonly num?: number | undefined }) {
  const top = await mergeTop(context.calls.askAll('roomTop', { num }), num)
  const list = top.map(({ id, total }, idx) => ({ idx, rid: id as Rid, total }))
  return { len: list.length, list }
}

/** The sub-groups of a room, with the sessions in each. */
export async function listRoomGroups(
  { calls, placement }: HttpContext,
  { rid, num, after }: Room & { readonly num?: number | undefined; readonly after?: number | undefined },
) {
  const groups = granted(await calls.ask(placement.homeOf(rid), 'roomGroups', { rid, ...pageOf(num, after) }))
  const list = groups.map(({ gid, total }, idx) => ({ idx, gid, total }))
  return { rid, len: list.length, list }
}
