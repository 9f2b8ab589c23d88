import type { Bus } from '../bus/bus.ts'
import type { Calls, Refused } from '../bus/calls.ts'
import { writeFanout } from '../bus/records.ts'
import type { Options } from '../config/options.ts'
import type { Methods } from '../contract/methods.ts'
import type { Placement } from '../contract/placement.ts'
import { ErrorCode, type ErrorName } from '../protocol/error-code.ts'
import type { Broadcasts } from '../session/broadcasts.ts'
import type { IdBlocks } from '../store/id-blocks.ts'
import { type Store, StoreError } from '../store/store.ts'
import type { Retained } from './retained.ts'

/** What the owners of users, groups and rooms at one worker share. */
export interface Shard {
  readonly options: Options
  readonly bus: Bus
  readonly calls: Calls<Methods>
  readonly placement: Placement
  readonly store: Store
  readonly msgids: IdBlocks
  readonly retained: Retained
  readonly broadcasts: Broadcasts
  readonly log: { error(fields: object, text: string): void }
  /** A number for a topic, never used twice by this worker. */
  nextTopic(): number
}

export function refused(name: ErrorName, errmsg?: string): Refused {
  return errmsg === undefined ? { refused: ErrorCode[name].code } : { refused: ErrorCode[name].code, errmsg }
}

/**
 * Answers once everything written so far is on the disk.
 * @param undo makes memory what the disk still has, when the store did not take the change
 */
export async function afterCommit<T>(shard: Shard, answer: T, undo: () => void): Promise<T | Refused> {
  try {
    await shard.store.commit()
    return answer
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    shard.log.error({ err: error }, 'a change was not stored and is undone')
    undo()
    return refused('NOT_SERVING', 'the store does not take changes')
  }
}

/** Whether a worker with members of the topic takes so little that nothing more should be sent for a while. */
export function isCongested(shard: Shard, workers: readonly number[]): boolean {
  for (let worker = 0; worker < workers.length; worker++) {
    if (workers[worker]! > 0 && shard.bus.congested(worker)) return true
  }
  return false
}

/** One frame to the members of a topic. @param workers members of it at each worker */
export function fanOut(shard: Shard, topic: number, workers: readonly number[], dataKind: number, frame: Buffer): void {
  for (let worker = 0; worker < workers.length; worker++) {
    if (workers[worker]! > 0) writeFanout(shard.bus, worker, topic, dataKind, frame)
  }
}
