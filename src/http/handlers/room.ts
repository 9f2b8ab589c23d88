import { ErrorCode } from '../../protocol/error-code.ts'
import { ROOM_CAP_SETTING } from '../../store/schema.ts'
import type { Id } from '../../util/id.ts'
import type { Api } from '../api.ts'
import { granted } from '../api-error.ts'
import { mergeTop } from '../ranked.ts'

interface Room {
  readonly rid: Id
}
interface User extends Room {
  readonly uid: Id
}
interface Gag extends Room {
  readonly uid?: Id | undefined
}

/** Takes all sessions of the user out of the room and lets none in. */
export async function addRoomBlacklist({ calls, placement }: Api, { rid, uid }: User) {
  granted(await calls.ask(placement.ownerOf(rid), 'roomBlacklist', { rid, uid, on: true }))
  return {}
}

export async function deleteRoomBlacklist({ calls, placement }: Api, { rid, uid }: User) {
  granted(await calls.ask(placement.ownerOf(rid), 'roomBlacklist', { rid, uid, on: false }))
  return {}
}

/** Forbids one user to speak in a room, or everyone when `uid` is absent or 0. */
export async function addRoomGag({ calls, placement }: Api, { rid, uid = 0 }: Gag) {
  granted(await calls.ask(placement.ownerOf(rid), 'roomGag', { rid, uid, on: true }))
  return {}
}

/** Lifts the gag of one user, or the one of everybody: each lifts only that. */
export async function deleteRoomGag({ calls, placement }: Api, { rid, uid = 0 }: Gag) {
  granted(await calls.ask(placement.ownerOf(rid), 'roomGag', { rid, uid, on: false }))
  return {}
}

/** Closing what is closed changes nothing. */
export async function closeRoom({ calls, placement }: Api, { rid }: Room) {
  const answer = await calls.ask(placement.ownerOf(rid), 'roomDismiss', { rid })
  if (!('refused' in answer) || answer.refused !== ErrorCode.CLOSED.code) granted(answer)
  return {}
}

export async function openRoom({ calls, placement }: Api, { rid }: Room) {
  granted(await calls.ask(placement.ownerOf(rid), 'roomOpen', { rid }))
  return {}
}

/** Sets the places of a sub-group of one room, or without a rid of all rooms that have none of their own. */
export async function setRoomCap(api: Api, { rid, cap }: { readonly rid?: Id | undefined; readonly cap: number }) {
  const { calls, placement, store, counters } = api
  if (rid !== undefined) return { rid, ...granted(await calls.ask(placement.ownerOf(rid), 'roomCap', { rid, cap })) }
  store.setSetting(ROOM_CAP_SETTING, cap)
  await store.commit()
  const told = Array.from({ length: counters.workers }, (_, worker) => calls.ask(worker, 'roomDefaultCap', { cap }))
  for (const answer of await Promise.all(told)) granted(answer)
  return { cap }
}

export async function getRoomCap(api: Api, { rid }: { readonly rid?: Id | undefined }) {
  const { calls, placement, store, options } = api
  if (rid !== undefined) return { rid, ...granted(await calls.ask(placement.ownerOf(rid), 'roomCap', { rid })) }
  store.refresh()
  return { cap: store.setting(ROOM_CAP_SETTING) ?? options.roomCap }
}

/** The rooms with the most sessions. */
export async function topRooms(api: Api, { num = 10 }: { readonly num?: number | undefined }) {
  const top = await mergeTop(api, num, worker => api.calls.ask(worker, 'roomTop', { num }))
  const list = top.map(({ id, total }, idx) => ({ idx, rid: id, total }))
  return { len: list.length, list }
}

/** The sub-groups of a room, with the sessions in each. */
export async function listRoomGroups({ calls, placement }: Api, { rid }: Room) {
  const groups = granted(await calls.ask(placement.ownerOf(rid), 'roomGroups', { rid }))
  const list = groups.map(({ gid, total }, idx) => ({ idx, gid, total }))
  return { rid, len: list.length, list }
}
