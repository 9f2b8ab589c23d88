/** What became of a message for one client: taken by its connection, or why it was not. */
export const Fate = {
  /** Written. What a socket took cannot be taken back. */
  TAKEN: 0,
  /** The client is behind, and rather misses messages than be closed (`slowClient`). */
  BEHIND: 1,
  /** The client is being closed because it reads too slowly. */
  SLOW: 2,
  /** The connection has ended. */
  GONE: 3,
} as const
export type Fate = (typeof Fate)[keyof typeof Fate]
export const FATES = Object.keys(Fate).length
