import type { Args, Methods } from '../../contract/methods.ts'
import { pageOf } from '../../contract/page.ts'
import { ErrorCode } from '../../protocol/error-code.ts'
import type { Gid, Uid, UidOrAll } from '../../util/id.ts'
import { granted } from '../api-error.ts'
import type { HttpContext } from '../context.ts'
import { mergeTop } from '../ranked.ts'

interface Group {
  readonly gid: Gid
}
interface User extends Group {
  readonly uid: Uid
}
interface Paged<T> extends Group {
  readonly num?: number | undefined
  readonly after?: T | undefined
}
interface Gag extends Group {
  readonly uid?: UidOrAll | undefined
}

/** Blacklists the user, removes a member, and tells the group. */
export async function addGroupBlacklist({ calls, placement }: HttpContext, { gid, uid }: User) {
  granted(await calls.ask(placement.homeOf(gid), 'groupBlacklist', { gid, uid, on: true }))
  return {}
}

export async function deleteGroupBlacklist({ calls, placement }: HttpContext, { gid, uid }: User) {
  granted(await calls.ask(placement.homeOf(gid), 'groupBlacklist', { gid, uid, on: false }))
  return {}
}

export function getGroupBlacklist(context: HttpContext, group: Paged<Uid>) {
  return listUids(context, group, 'blacklist')
}

/** Gags one user in a group, or everybody when `uid` is absent or 0. */
export async function addGroupGag({ calls, placement }: HttpContext, { gid, uid = 0 }: Gag) {
  granted(await calls.ask(placement.homeOf(gid), 'groupGag', { gid, uid, on: true }))
  return {}
}

/** Lifts the gag of one user, or the gag of everybody. One does not lift the other. */
export async function deleteGroupGag({ calls, placement }: HttpContext, { gid, uid = 0 }: Gag) {
  granted(await calls.ask(placement.homeOf(gid), 'groupGag', { gid, uid, on: false }))
  return {}
}

export async function getGroupGags({ calls, placement }: HttpContext, { gid, num, after }: Paged<UidOrAll>) {
  return numbered(granted(await calls.ask(placement.homeOf(gid), 'groupGags', { gid, ...pageOf(num, after) })))
}

export async function addGroupMember({ calls, placement }: HttpContext, { gid, uid }: User) {
  granted(await calls.ask(placement.homeOf(gid), 'groupJoin', { gid, uid }))
  return {}
}

export async function deleteGroupMember({ calls, placement }: HttpContext, { gid, uid }: User) {
  granted(await calls.ask(placement.homeOf(gid), 'groupKick', { gid, uid }))
  return {}
}

export function getGroupMembers(context: HttpContext, group: Paged<Uid>) {
  return listUids(context, group, 'members')
}

/** Dismisses the group: tells its members and removes them. Dismissing it again changes nothing. */
export async function closeGroup({ calls, placement }: HttpContext, { gid }: Group) {
  const answer = await calls.ask(placement.homeOf(gid), 'groupDismiss', { gid })
  if (!('refused' in answer) || answer.refused !== ErrorCode.CLOSED.code) granted(answer)
  return {}
}

/** Brings a dismissed group back, without members. */
export async function openGroup({ calls, placement }: HttpContext, { gid }: Group) {
  granted(await calls.ask(placement.homeOf(gid), 'groupOpen', { gid }))
  return {}
}

export async function setGroupCap({ calls, placement }: HttpContext, { gid, cap }: Group & { readonly cap: number }) {
  return { gid, ...granted(await calls.ask(placement.homeOf(gid), 'groupCap', { gid, cap })) }
}

export async function getGroupCap({ calls, placement }: HttpContext, { gid }: Group) {
  return { gid, ...granted(await calls.ask(placement.homeOf(gid), 'groupCap', { gid })) }
}

interface Top {
  readonly num?: number | undefined
}

/** The groups with the most members. */
export function topGroups(context: HttpContext, { num = 10 }: Top) {
  return top(context, num, 'members')
}

/** The groups with the most messages. */
export function topGroupsByMessages(context: HttpContext, { num = 10 }: Top) {
  return top(context, num, 'messages')
}

async function top(context: HttpContext, num: number, by: Methods['groupTop']['args']['by']) {
  const best = await mergeTop(context.calls.askAll('groupTop', { num, by }), num)
  const list = best.map(({ id, total }, idx) => ({ idx, gid: id as Gid, total }))
  return { len: list.length, list }
}

async function listUids(
  { calls, placement }: HttpContext,
  { gid, num, after }: Paged<Uid>,
  list: Args<'groupUids'>['list'],
) {
  return numbered(granted(await calls.ask(placement.homeOf(gid), 'groupUids', { gid, list, ...pageOf(num, after) })))
}

function numbered<T extends UidOrAll>(uids: readonly T[]) {
  return { len: uids.length, list: uids.map((uid, idx) => ({ idx, uid })) }
}
