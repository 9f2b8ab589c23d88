import { Limits } from '../admission/limits.ts'
import { Overload, Shed } from '../admission/overload.ts'
import { Shedding } from '../admission/shedding.ts'
import { Bus, type OnBusRecord } from '../bus/bus.ts'
import { Reactor } from '../bus/reactor.ts'
import type { Options } from '../config/options.ts'
import { refused } from '../contract/answer.ts'
import { Calls } from '../contract/calls.ts'
import { callNumbersOf } from '../contract/generation.ts'
import { type Methods, methods } from '../contract/methods.ts'
import { localPlacement, type Placement } from '../contract/placement.ts'
import type { CounterRow } from '../ops/counters.ts'
import { IdBlocks } from '../store/id-blocks.ts'
import type { Ground } from './ground.ts'
import type { Part } from './part.ts'
import type { WorkerStart } from './shared.ts'

/** Ids that the gateway chooses begin above what app servers usually number by hand. */
const FIRST_NEW_ID = 2 ** 40

const shedCounters = {
  [Shed.NOTHING]: 'shed_connections_total',
  [Shed.CONNECTIONS]: 'shed_connections_total',
  [Shed.JOINS]: 'shed_joins_total',
  [Shed.MESSAGES]: 'shed_messages_total',
} as const

/** What every part of a worker stands on. */
export interface Core extends Omit<Ground, 'wakeups'> {
  readonly self: number
  /** How many workers had this seat before. */
  readonly generation: number
  readonly options: Options
  readonly count: CounterRow
  readonly placement: Placement
  readonly bus: Bus
  readonly calls: Calls<Methods>
  readonly reactor: Reactor
  readonly sids: IdBlocks
  readonly msgids: IdBlocks
  readonly newIds: IdBlocks
  readonly limits: Limits
  readonly overload: Overload
  readonly shedding: Shedding
  /** The wall: runs it, and logs a defect instead of letting it end what comes after. */
  guard(run: () => void): void
  isDraining(): boolean
  /** Sets who is asked for what, and takes turns from now on: once. */
  run(parts: readonly Part[], onRecord: OnBusRecord): void
  /** Stands last in the list: when a worker is lost, its sessions are undone before the callers of open calls hear BUSY. */
  readonly part: Part
  /** Takes the first block of each kind of numbers. @throws StoreError */
  takeNumbers(): Promise<void>
}

export function createCore(start: WorkerStart, ground: Ground): Core {
  const { index: self, generation, options } = start
  const { clock, store, log, counters, onDefect, wakeups } = ground
  const guard = (run: () => void): void => {
    try {
      run()
    } catch (defect) {
      onDefect(defect)
    }
  }
  let onRecord: OnBusRecord = () => undefined
  let parts: readonly Part[] = []

  const bus = new Bus(self, start.links, wakeups, options.ringBytes, (from, kind, block, at, end) => {
    try {
      onRecord(from, kind, block, at, end)
    } catch (defect) {
      onDefect(defect)
    }
  })
  const calls = new Calls<Methods>(
    { bus, clock, nextId: callNumbersOf(generation), busy: refused('BUSY'), onDefect },
    methods,
    options.callTimeoutMs,
  )
  const reactor = new Reactor(bus, clock, () => {
    for (const part of parts) if (part.flush !== undefined) guard(() => part.flush!())
  })
  const blocks = (counter: string, size: number, first: number) =>
    new IdBlocks(store, counter, size, first, error => log.error({ err: error, counter }, 'no new block of numbers'))
  const sids = blocks('sid', 1000, 1)
  const msgids = blocks('msgid', 1_000_000, 1)
  const newIds = blocks('id', 1000, FIRST_NEW_ID)
  const count = counters.row(self)
  const limits = new Limits(options, start.limitTables, self, { clock, count, log })
  const overload = new Overload(options.overloadDelayMs)
  const others = {
    levelOf: (worker: number) => counters.get(worker, 'overload_level'),
    backlogOf: (worker: number) => bus.backlogOf(worker) / options.ringBytes,
  }
  const shedding = new Shedding(overload, others, what => count.add(shedCounters[what], 1))
  let lastUtilization = performance.eventLoopUtilization()
  const part: Part = {
    workerLost: worker => calls.disconnect(worker),
    tick(now) {
      calls.expire(now)
      limits.tick(now)
    },
    gauges(row) {
      row.set('ring_overflow_total', bus.overflowed)
      row.set('event_loop_utilization', performance.eventLoopUtilization(lastUtilization).utilization)
      lastUtilization = performance.eventLoopUtilization()
    },
  }
  const drainingWord = new Int32Array(start.draining)

  return {
    self,
    generation,
    options,
    log,
    clock,
    counters,
    count,
    store,
    placement: localPlacement(self, start.links.length),
    bus,
    calls,
    reactor,
    sids,
    msgids,
    newIds,
    limits,
    overload,
    shedding,
    onDefect,
    guard,
    part,
    isDraining: () => Atomics.load(drainingWord, 0) === 1,
    run(all, receive) {
      parts = all
      onRecord = receive
      calls.serve(all.map(part => part.methods ?? {}))
      reactor.start()
    },
    async takeNumbers() {
      await Promise.all([sids.start(), msgids.start(), newIds.start()])
    },
  }
}
