import type { Handlers } from '../contract/calls.ts'
import type { Methods } from '../contract/methods.ts'
import type { ChatScope } from '../contract/records.ts'
import type { CounterRow } from '../ops/counters.ts'
import type { Forum } from '../shard/posting.ts'

/**
 * One part of a worker. The worker runs each hook of all its parts in the order of their list, and each behind the wall: a
 * defect in one part does not keep the next from running.
 */
export interface Part {
  /** The methods of the contract that this part carries out. */
  readonly methods?: Partial<Handlers<Methods>>
  /** The places of chats that are its own. */
  readonly forums?: Partial<Record<ChatScope, Forum>>
  /** At the end of each turn: sends what the turn gathered. */
  flush?(): void
  /** Once a second. @param now milliseconds of the clock */
  tick?(now: number): void
  /** Another worker ended, and its sessions with it. */
  workerLost?(worker: number): void
  /** Another worker took the place of one that ended; it knows nothing yet. */
  workerReplaced?(worker: number): void
  /** Once a second: writes its gauges. */
  gauges?(row: CounterRow): void
  /** The worker ends: queue everything that lasts for the disk. */
  stop?(): void | Promise<void>
}
