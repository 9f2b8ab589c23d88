import { type Refused, refused } from '../../contract/answer.ts'
import { Role } from '../../store/schema.ts'
import type { Sid, Uid, UidOrAll } from '../../util/id.ts'
import type { Decision } from '../commits.ts'
import type { Group, GroupChange } from './group.ts'

/**
 * Who may do what in a group, and what it changes. Pure: state in, decision out. `by` is the user who asks; without it the
 * HTTP API asks, which may do everything.
 */
type GroupDecision = Decision<GroupChange>

/** Refuses a group that does not exist or is dismissed. Reading and pushing need no other check. */
export function unusable({ record }: Group): Refused | undefined {
  if (record === undefined) return refused('NO_SUCH_GROUP')
  return record.closed ? refused('CLOSED') : undefined
}

/** Checks the rank of `by`, which must also be above that of `over`. */
function needs(group: Group, by: Uid | undefined, role: Role, over?: UidOrAll): Refused | undefined {
  if (by === undefined) return undefined
  if (!group.members.has(by)) return refused('NOT_MEMBER')
  const rank = group.roleOf(by)
  const isOver = over === undefined || over === 0 || group.roleOf(over) < rank
  return rank < role || !isOver ? refused('NOT_ALLOWED') : undefined
}

function mayRule(group: Group, by: Uid | undefined, role: Role, over?: UidOrAll): Refused | undefined {
  return unusable(group) ?? needs(group, by, role, over)
}

export function create(group: Group, owner: Uid, name: string, desc: string): GroupDecision {
  if (group.record !== undefined) return refused('NOT_ALLOWED', 'the group exists')
  return [
    { type: 'created', owner, name, desc },
    { type: 'joined', uid: owner, role: Role.OWNER },
  ]
}

export function dismiss(group: Group, by: Uid | undefined): GroupDecision {
  const refusal = mayRule(group, by, Role.OWNER)
  if (refusal !== undefined) return refusal
  const left = Array.from(group.members.keys(), uid => ({ type: 'left', uid, why: 'dismissed' }) as const)
  return [...left, { type: 'dismissed', by: by ?? group.record!.owner }]
}

/** @param cap the most members */
export function join(group: Group, uid: Uid, cap: number): GroupDecision {
  const refusal = unusable(group)
  if (refusal !== undefined) return refusal
  if (group.blacklist.has(uid)) return refused('BLACKLISTED')
  if (group.members.has(uid)) return []
  if (group.members.size >= cap) return refused('FULL')
  return [{ type: 'joined', uid, role: uid === group.record!.owner ? Role.OWNER : Role.MEMBER }]
}

/** @param asked the session that asked */
export function quit(group: Group, uid: Uid, asked: Sid | undefined): GroupDecision {
  const refusal = unusable(group)
  if (refusal !== undefined) return refusal
  if (!group.members.has(uid)) return refused('NOT_MEMBER')
  if (group.roleOf(uid) === Role.OWNER) return refused('NOT_ALLOWED', 'the owner dismisses the group instead')
  return [{ type: 'left', uid, why: 'quit', asked }]
}

export function kick(group: Group, uid: Uid, by: Uid | undefined): GroupDecision {
  const refusal = mayRule(group, by, Role.MANAGER, uid)
  if (refusal !== undefined) return refusal
  return group.members.has(uid) ? [{ type: 'left', uid, why: 'kicked' }] : refused('NOT_MEMBER')
}

/** @param uid 0: everybody */
export function gag(group: Group, uid: UidOrAll, on: boolean, by: Uid | undefined): GroupDecision {
  return mayRule(group, by, Role.MANAGER, uid) ?? [{ type: 'gag', uid, on }]
}

export function blacklist(group: Group, uid: Uid, on: boolean, by: Uid | undefined): GroupDecision {
  const refusal = mayRule(group, by, Role.MANAGER, uid)
  if (refusal !== undefined) return refusal
  const changes: GroupChange[] = [{ type: 'blacklist', uid, on }]
  if (on && group.members.has(uid)) changes.unshift({ type: 'left', uid, why: 'blacklisted' })
  return changes
}

export function manager(group: Group, uid: Uid, on: boolean, by: Uid | undefined): GroupDecision {
  const refusal = mayRule(group, by, Role.OWNER, uid)
  if (refusal !== undefined) return refusal
  if (!group.members.has(uid)) return refused('NOT_MEMBER')
  return [{ type: 'role', uid, role: on ? Role.MANAGER : Role.MEMBER }]
}

/** By the HTTP API alone. */
export function open({ record }: Group): GroupDecision {
  return record === undefined ? refused('NO_SUCH_GROUP') : [{ type: 'opened' }]
}

/** By the HTTP API alone. */
export function setCap({ record }: Group, cap: number): GroupDecision {
  return record === undefined ? refused('NO_SUCH_GROUP') : [{ type: 'cap', cap }]
}

/** Members, and the HTTP API, may list the members and invite others. */
export function mayAsk(group: Group, by: Uid | undefined): Refused | undefined {
  return unusable(group) ?? (by === undefined || group.members.has(by) ? undefined : refused('NOT_MEMBER'))
}
