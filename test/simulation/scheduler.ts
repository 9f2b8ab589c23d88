import type { Random } from '../support/seed.js'
import type { ModelConnection } from './connection.js'
import type { Trace } from './trace.js'
import type { ModelWorker } from './worker.js'
import type { World } from './world.js'

/** One thing that a worker could do next. */
interface Source {
  readonly kind: 'soon' | 'timer' | 'wake' | 'main' | 'socket'
  readonly connection?: ModelConnection
}

/** A step takes up to this, in hundredths of a millisecond. */
const STEP_HUNDREDTHS = 20

/**
 * Runs one thing at a time, as the seed says. Each worker's timers, its `soon` queue, what main tells it and what each
 * connection says keep their order; which of them is next, and which worker, is free, as it is between threads.
 */
export class Scheduler {
  steps = 0
  readonly #world: World
  readonly #random: Random
  readonly #trace: Trace

  constructor(world: World, trace: Trace) {
    this.#world = world
    this.#random = world.random
    this.#trace = trace
  }

  /** Runs one step. @param until time is not moved on beyond it @returns false when there is nothing to do until then */
  async step(until = Number.POSITIVE_INFINITY): Promise<boolean> {
    const { time, clock } = this.#world
    if (clock.dueAt <= time.now) clock.runTimer()
    const able = this.#able()
    if (able.length === 0) return this.#waitForTime(until)
    const { worker, sources } = this.#pick(able)
    const source = this.#random.pick(sources)
    this.steps++
    this.#trace.step(worker, source.kind, source.connection)
    run(worker, source)
    if (worker.isArmed) this.#world.lose(worker, 'lost in the middle of a step')
    time.now += this.#random.below(STEP_HUNDREDTHS) / 100
    await microtasks()
    return true
  }

  /** Everything that can be done until then. */
  async runUntil(until: number): Promise<void> {
    while (await this.step(until));
  }

  /** Which worker is slow for a while, and which is not. */
  reweigh(): void {
    for (const worker of this.#world.workers) worker.weight = this.#random.pick([1, 1, 1, 0.2, 0.02])
  }

  #able(): { worker: ModelWorker; sources: Source[] }[] {
    const able: { worker: ModelWorker; sources: Source[] }[] = []
    for (const worker of this.#world.workers) {
      if (worker.isLost || worker.frozenUntil > this.#world.time.now) continue
      const sources = sourcesOf(worker, this.#world.time.now)
      if (sources.length > 0) able.push({ worker, sources })
    }
    return able
  }

  #pick(able: { worker: ModelWorker; sources: Source[] }[]): { worker: ModelWorker; sources: Source[] } {
    let total = 0
    for (const { worker } of able) total += worker.weight
    let dice = (this.#random.below(2 ** 30) / 2 ** 30) * total
    for (const one of able) {
      dice -= one.worker.weight
      if (dice < 0) return one
    }
    return able.at(-1)!
  }

  /** Nobody has anything to do before the next timer. */
  #waitForTime(until: number): boolean {
    const { time, clock, live } = this.#world
    let next = clock.dueAt
    for (const worker of live)
      next = Math.min(next, Math.max(worker.clock.dueAt, worker.frozenUntil), thawAt(worker, time.now))
    if (next > until) {
      time.now = Math.max(time.now, until === Number.POSITIVE_INFINITY ? time.now : until)
      return false
    }
    time.now = Math.max(time.now, next)
    return true
  }
}

/** When a worker that stands still has something to do again. */
function thawAt(worker: ModelWorker, now: number): number {
  return worker.frozenUntil > now && sourcesOf(worker, now).length > 0 ? worker.frozenUntil : Number.POSITIVE_INFINITY
}

function sourcesOf({ clock, wakeups, inbox, isReady, connections }: ModelWorker, now: number): Source[] {
  const sources: Source[] = []
  if (clock.hasSoon) sources.push({ kind: 'soon' })
  if (clock.dueAt <= now) sources.push({ kind: 'timer' })
  if (wakeups.isWoken) sources.push({ kind: 'wake' })
  if (!isReady) return sources
  if (inbox.length > 0) sources.push({ kind: 'main' })
  for (const connection of connections) {
    if (connection.events.length > 0 && !connection.isPaused) sources.push({ kind: 'socket', connection })
  }
  return sources
}

function run(worker: ModelWorker, { kind, connection }: Source): void {
  switch (kind) {
    case 'soon':
      worker.clock.runSoon()
      return
    case 'timer':
      worker.clock.runTimer()
      return
    case 'wake':
      worker.wakeups.runWake()
      return
    case 'main':
      worker.hearMain()
      return
    case 'socket':
      worker.hearSocket(connection!)
  }
}

/**
 * Runs the real queue of microtasks until it is empty: between two turns of the event loop Node does just that, however long
 * a chain of promises is. Nothing else is on this loop, so the same seed gives the same run.
 */
function microtasks(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}
