import { RingCorruption } from '../bus/ring.ts'
import { SharedWakeups, type Wakeups } from '../bus/wake.ts'
import { type Refused, refused } from '../contract/answer.ts'
import { Counters } from '../ops/counters.ts'
import { createLog, type Logger } from '../ops/log.ts'
import { LmdbStore } from '../store/lmdb-store.ts'
import type { Store } from '../store/store.ts'
import { type Clock, systemClock } from '../util/clock.ts'
import type { WorkerStart } from './shared.ts'

/**
 * What a worker gets from outside: time, the disk, the log, how it sleeps, where it counts. In production they are the
 * machine's; the simulation (docs/simulation.md) gives models of them, and the worker is the same.
 */
export interface Ground {
  readonly clock: Clock
  readonly store: Store
  readonly log: Logger
  readonly wakeups: Wakeups
  readonly counters: Counters
  /** Logs what should not have happened, and says what is told of it to who asked. */
  onDefect(defect: unknown): Refused
}

/** @param uuid gives the id by which the log and the one who asked speak of the same defect */
export function defectLog(log: Pick<Logger, 'error'>, uuid: () => string): (defect: unknown) => Refused {
  return defect => {
    const id = uuid()
    log.error({ err: defect, id }, 'defect')
    return refused('INTERNAL', `internal error: id ${id}`)
  }
}

/** The machine's. @throws StoreError when the store cannot be opened */
export function systemGround({ index, options, wakeWords, counters }: WorkerStart): Ground {
  const log = createLog(options.logLevel, { worker: index })
  const logDefect = defectLog(log, () => clock.uuid())
  const onDefect = (defect: unknown) => {
    if (defect instanceof RingCorruption) endOfWorker(log, defect)
    return logDefect(defect)
  }
  const clock = systemClock(onDefect)
  return {
    clock,
    store: LmdbStore.open(options.dataDir),
    log,
    wakeups: new SharedWakeups(wakeWords, index),
    counters: new Counters(counters),
    onDefect,
  }
}

/** What was lost with the ring is not known: only a fresh worker, which resyncs with all others, is right again. */
function endOfWorker(log: Logger, err: RingCorruption): never {
  log.fatal({ err }, 'a ring cannot be read: this worker ends, and is replaced')
  process.exit(1)
}
