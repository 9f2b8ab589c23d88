import { type Refused, refused } from '../../contract/answer.ts'
import type { Uid, UidOrAll } from '../../util/id.ts'
import type { Decision } from '../commits.ts'
import type { Room, RoomChange } from './room.ts'

/**
 * Who may do what in a room, and what it changes. Pure: state in, decision out. `by` is the user who asks; without it the
 * HTTP API asks, which may do everything.
 */
type RoomDecision = Decision<RoomChange>

/** A room has an owner only if a user created it. Only the owner and the HTTP API rule it. */
function mayRule(room: Room, by: Uid | undefined): Refused | undefined {
  return by === undefined || by === room.owner ? undefined : refused('NOT_ALLOWED')
}

export function mayEnter(room: Room, uid: Uid): Refused | undefined {
  if (room.isClosed) return refused('CLOSED')
  return room.mayNotEnter(uid) ? refused('BLACKLISTED') : undefined
}

/** Pushes ignore gags. */
export function mayPush(room: Room): Refused | undefined {
  return room.isClosed ? refused('CLOSED') : undefined
}

/** The owner and the HTTP API may take others out. */
export function mayKick(room: Room, by: Uid | undefined): Refused | undefined {
  return mayRule(room, by)
}

export function create(room: Room, owner: Uid, name: string, desc: string): RoomDecision {
  if (room.record !== undefined || room.size > 0) return refused('NOT_ALLOWED', 'the room exists')
  return [{ type: 'created', owner, name, desc }]
}

export function dismiss(room: Room, by: Uid | undefined): RoomDecision {
  if (room.isClosed) return refused('CLOSED')
  return mayRule(room, by) ?? [{ type: 'closed' }]
}

/** By the HTTP API alone, like all that follow. */
export function open(): RoomDecision {
  return [{ type: 'opened' }]
}

export function blacklist(uid: Uid, on: boolean): RoomDecision {
  return [{ type: 'blacklist', uid, on }]
}

/** @param uid 0: everybody */
export function gag(uid: UidOrAll, on: boolean): RoomDecision {
  return [{ type: 'gag', uid, on }]
}

export function setCap(cap: number): RoomDecision {
  return [{ type: 'cap', cap }]
}
