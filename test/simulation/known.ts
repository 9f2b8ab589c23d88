import type { KnownFault } from './violations.js'

/**
 * Faults that are in the product and not cured yet, by what they break. Once one is cured its row goes; whoever takes a row out
 * before that sees the simulation find it. An invariant that stands in no row is never excused.
 */
export const knownFaults: readonly KnownFault[] = [
  {
    part: 'B.1 a join is acknowledged, and its home was not there to say which sessions the user has',
    invariants: ['group member', 'push delivered'],
  },
  {
    part: 'B.2 an answer that was overtaken puts an old connection in the place of the newer one',
    invariants: ['group member', 'push delivered'],
  },
  {
    part: 'a change of a group is told before it is on the disk: when that refuses it, members stay without their sessions',
    invariants: ['group member', 'push delivered'],
  },
  {
    part: 'B.3 numbers of calls, connections and topics begin anew with each worker',
    invariants: ['stranger', 'defect', 'answered once', 'one msgid', 'user online', 'group member', 'room member'],
  },
  { part: 'B.4 newer is who is read later', invariants: ['newer wins', 'signs in'] },
  { part: 'B.5 what was written to a half-dead connection counts as had', invariants: ['push kept', 'kept twice'] },
  { part: 'B.6 notices of rooms are of sessions', invariants: ['notices'] },
  { part: 'a repeated ROOM-JOIN that is answered with BUSY takes the session out', invariants: ['busy undoes'] },
  { part: 'a ROOM-QUIT while its home is replaced is undone by the resync', invariants: ['room member'] },
  {
    part: 'messages of groups do not wait for the ONLINE-ACK; what a topic holds overtakes it when the session ends',
    invariants: ['early frame'],
  },
]
