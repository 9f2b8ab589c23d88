import type { Gid, Rid, Uid } from '../util/id.ts'

/** The scope that a push with `expire` is stored for. */
export const StoredScope = { ALL: 0, USER: 1, GROUP: 2, ROOM: 3 } as const
export type StoredScope = (typeof StoredScope)[keyof typeof StoredScope]

/** The user, group or room of the push, by its scope; 0 for everybody. */
export type StoredOf = Uid | Gid | Rid | 0

/** How far a device has had the stored pushes of one scope. */
export interface StoredMark {
  readonly scope: StoredScope
  readonly of: StoredOf
  /** All of them up to this msgid. */
  readonly upTo: number
  /** When the last of those ends: the mark is of no use then. Unix milliseconds. */
  readonly endsAt: number
}
