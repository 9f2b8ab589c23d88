import type { Gid, Rid, Uid } from '../util/id.ts'

/** The scope that a push with `expire` is stored for. */
export const StoredScope = { ALL: 0, USER: 1, GROUP: 2, ROOM: 3 } as const
export type StoredScope = (typeof StoredScope)[keyof typeof StoredScope]

/** The user, group or room of the push, by its scope; 0 for everybody. */
export type StoredOf = Uid | Gid | Rid | 0

/** Stored pushes of one place that a session still lacks: those above the one up to the other. */
export interface StoredRange {
  readonly scope: StoredScope
  readonly of: StoredOf
  readonly above: number
  readonly upTo: number
}

/** Some of them, in order. */
export interface StoredPiece {
  readonly pushes: readonly StoredItem[]
  /** There are no others up to this msgid. */
  readonly upTo: number
}

export interface StoredItem {
  readonly msgid: number
  readonly frame: Buffer
  readonly dataKind: number
  /** Unix milliseconds. */
  readonly expiresAt: number
}

/** So much of what is stored is given at once: the next piece follows when the client has read most of this one. */
export const PIECE_BYTES = 65_536

/** How far a device has had the stored pushes of one scope. */
export interface StoredMark {
  readonly scope: StoredScope
  readonly of: StoredOf
  /** All of them up to this msgid. */
  readonly upTo: number
  /** When the last of those ends: the mark is of no use then. Unix milliseconds. */
  readonly endsAt: number
}
