import { readRest } from '../bus/ring.ts'
import { membersOfFanout, RecordKind } from '../contract/records.ts'
import type { CounterRow, Counters } from '../ops/counters.ts'

/** Counts what was in a record that a lost worker has not read: messages for members there, a frame for one, a chat. */
export function countUnread(row: CounterRow, kind: number, block: Buffer, start: number): void {
  if (kind === RecordKind.FANOUT || kind === RecordKind.STORED_FANOUT) {
    const members = membersOfFanout(kind, block, start)
    row.add('offered_total', members)
    row.add('dropped_lost_worker', members)
  } else if (kind === RecordKind.DELIVER || kind === RecordKind.STORED_DELIVER || kind === RecordKind.CHAT) {
    row.add('frames_dropped_lost_worker', 1)
  }
}

/**
 * Counts what was lost inside a worker that has ended: what it had written to itself, and what its topics held back. A flush
 * that it did not finish counts as lost. Thread: main, before another worker takes the seat.
 * @param loopback its ring to itself
 */
export function settleLost(counters: Counters, worker: number, loopback: SharedArrayBuffer): void {
  const row = counters.row(worker)
  readRest(loopback, (kind, block, start) => countUnread(row, kind, block, start))
  const offered = counters.get(worker, 'offered_total')
  const settled = (
    ['deliveries_total', 'dropped_behind', 'dropped_slow', 'dropped_gone', 'dropped_lost_worker'] as const
  )
    .map(name => counters.get(worker, name))
    .reduce((sum, messages) => sum + messages)
  row.add('dropped_lost_worker', Math.max(0, offered - settled))
}
