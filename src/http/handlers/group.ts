import type { Methods } from '../../contract/methods.ts'
import { ErrorCode } from '../../protocol/error-code.ts'
import type { Id } from '../../util/id.ts'
import type { Api } from '../api.ts'
import { granted } from '../api-error.ts'
import { mergeTop } from '../ranked.ts'

interface Group {
  readonly gid: Id
}
interface User extends Group {
  readonly uid: Id
}
interface Gag extends Group {
  readonly uid?: Id | undefined
}

/** Refuses the user, removes him if he is a member, and tells the group. */
export async function addGroupBlacklist({ calls, placement }: Api, { gid, uid }: User) {
  granted(await calls.ask(placement.ownerOf(gid), 'groupBlacklist', { gid, uid, on: true }))
  return {}
}

export async function deleteGroupBlacklist({ calls, placement }: Api, { gid, uid }: User) {
  granted(await calls.ask(placement.ownerOf(gid), 'groupBlacklist', { gid, uid, on: false }))
  return {}
}

export function getGroupBlacklist(api: Api, group: Group) {
  return listUids(api, group, 'blacklist')
}

/** Forbids one user to speak in a group, or everyone when `uid` is absent or 0. */
export async function addGroupGag({ calls, placement }: Api, { gid, uid = 0 }: Gag) {
  granted(await calls.ask(placement.ownerOf(gid), 'groupGag', { gid, uid, on: true }))
  return {}
}

/** Lifts the gag of one user, or the one of everybody: each lifts only that. */
export async function deleteGroupGag({ calls, placement }: Api, { gid, uid = 0 }: Gag) {
  granted(await calls.ask(placement.ownerOf(gid), 'groupGag', { gid, uid, on: false }))
  return {}
}

export function getGroupGags(api: Api, group: Group) {
  return listUids(api, group, 'gags')
}

export async function addGroupMember({ calls, placement }: Api, { gid, uid }: User) {
  granted(await calls.ask(placement.ownerOf(gid), 'groupJoin', { gid, uid }))
  return {}
}

export async function deleteGroupMember({ calls, placement }: Api, { gid, uid }: User) {
  granted(await calls.ask(placement.ownerOf(gid), 'groupKick', { gid, uid }))
  return {}
}

export function getGroupMembers(api: Api, group: Group) {
  return listUids(api, group, 'members')
}

/** Dismisses the group: its members are told and removed. Dismissing it again changes nothing. */
export async function closeGroup({ calls, placement }: Api, { gid }: Group) {
  const answer = await calls.ask(placement.ownerOf(gid), 'groupDismiss', { gid })
  if (!('refused' in answer) || answer.refused !== ErrorCode.CLOSED.code) granted(answer)
  return {}
}

/** Brings a dismissed group back, without members. */
export async function openGroup({ calls, placement }: Api, { gid }: Group) {
  granted(await calls.ask(placement.ownerOf(gid), 'groupOpen', { gid }))
  return {}
}

export async function setGroupCap({ calls, placement }: Api, { gid, cap }: Group & { readonly cap: number }) {
  return { gid, ...granted(await calls.ask(placement.ownerOf(gid), 'groupCap', { gid, cap })) }
}

export async function getGroupCap({ calls, placement }: Api, { gid }: Group) {
  return { gid, ...granted(await calls.ask(placement.ownerOf(gid), 'groupCap', { gid })) }
}

interface Top {
  readonly num?: number | undefined
}

/** The groups with the most members. */
export function topGroups(api: Api, { num = 10 }: Top) {
  return top(api, num, 'members')
}

/** The groups in which the most was said. */
export function topGroupsByMessages(api: Api, { num = 10 }: Top) {
  return top(api, num, 'messages')
}

async function top(api: Api, num: number, by: Methods['groupTop']['args']['by']) {
  const best = await mergeTop(api, num, worker => api.calls.ask(worker, 'groupTop', { num, by }))
  const list = best.map(({ id, total }, idx) => ({ idx, gid: id, total }))
  return { len: list.length, list }
}

async function listUids({ calls, placement }: Api, { gid }: Group, list: Methods['groupUids']['args']['list']) {
  const uids = granted(await calls.ask(placement.ownerOf(gid), 'groupUids', { gid, list }))
  return { len: uids.length, list: uids.map((uid, idx) => ({ idx, uid })) }
}
