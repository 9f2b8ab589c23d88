import type { Bus } from '../bus/bus.ts'
import type { Options } from '../config/options.ts'
import { type Answer, type Refused, refused } from '../contract/answer.ts'
import type { Calls } from '../contract/calls.ts'
import type { LimitBook } from '../contract/limits.ts'
import type { Methods } from '../contract/methods.ts'
import type { Placement } from '../contract/placement.ts'
import { type Store, StoreError } from '../store/store.ts'
import type { Clock } from '../util/clock.ts'
import type { Posting } from './posting.ts'
import type { StoredPushes } from './stored-pushes.ts'

/** The services that the homes of one worker use. */
export interface HomeContext {
  readonly options: Options
  readonly bus: Bus
  readonly calls: Calls<Methods>
  readonly placement: Placement
  readonly store: Store
  readonly clock: Clock
  readonly posting: Posting
  readonly stored: StoredPushes
  readonly limits: LimitBook
  readonly log: { error(fields: object, text: string): void }
  /** Logs a defect of ours. @returns the refusal for the caller */
  onDefect(defect: unknown): Refused
  /** A number for a topic, never used twice by this worker. */
  nextTopic(): number
}

interface Writing {
  readonly store: Store
  readonly clock: Clock
  readonly log: { error(fields: object, text: string): void }
}

/**
 * Answers once everything that was written so far is on the disk; for what has no rules of its own (commits.ts).
 * @param undo makes memory what the disk still has, when the store did not take the change
 */
export async function whenStored<T>(writing: Writing, answer: T, undo: () => void): Promise<Answer<T>> {
  try {
    await writing.store.commit()
    return answer
  } catch (error) {
    undo()
    return notStored(writing, error)
  }
}

/** The refusal for a change that the disk did not take: an id, under which the log has the rest. @throws any other error */
export function notStored({ clock, log }: Omit<Writing, 'store'>, error: unknown): Refused {
  if (!(error instanceof StoreError)) throw error
  const id = clock.uuid()
  log.error({ err: error, id }, 'the store did not take a change: it is undone')
  return refused('NOT_SERVING', `the store does not take changes: id ${id}`)
}
