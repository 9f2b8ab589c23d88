import type { Handlers } from '../contract/calls.ts'
import type { Methods } from '../contract/methods.ts'
import type { ChatScope } from '../contract/records.ts'
import type { CounterRow } from '../ops/counters.ts'
import type { Forum } from '../shard/posting.ts'

/**
 * One part of a worker. All that a worker does in turns it asks each of its parts, in the order of their list; each is asked
 * behind a wall, so that a defect of one does not take the turn of the next.
 */
export interface Part {
  /** The methods of the contract that it carries out. */
  readonly methods?: Partial<Handlers<Methods>>
  /** Where it has people talk. */
  readonly forums?: Partial<Record<ChatScope, Forum>>
  /** At the end of each turn: what it gathered goes out. */
  flush?(): void
  /** Once a second. @param now milliseconds of the clock */
  tick?(now: number): void
  /** Another worker ended, and its sessions with it. */
  workerLost?(worker: number): void
  /** Another worker took the place of one that ended; it knows nothing yet. */
  workerReplaced?(worker: number): void
  /** Once a second: what it knows of itself. */
  gauges?(row: CounterRow): void
  /** The worker ends: everything that lasts is to be written now. */
  stop?(): void | Promise<void>
}
