import type { KnownFault } from './violations.js'

/**
 * Faults that are in the product and not cured yet, by what they break. Once one is cured its row goes; whoever takes a row out
 * before that sees the simulation find it. An invariant that stands in no row is never excused.
 */
export const knownFaults: readonly KnownFault[] = [
  { part: 'B.5 what was written to a half-dead connection counts as had', invariants: ['push kept', 'kept twice'] },
  { part: 'deliveries of a session that ends behind are not all counted (seed 861)', invariants: ['conservation'] },
  {
    part: 'the home of a group has forgotten a session that is in its topic (seed 1008)',
    invariants: ['group member'],
  },
]
