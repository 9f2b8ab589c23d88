import { SAMPLE_MS } from '../admission/overload.ts'
import type { Link } from '../bus/bus.ts'
import { restoreBroadcasts } from './broadcasts.ts'
import type { Core } from './core.ts'
import type { Edge } from './edge.ts'
import type { Homes } from './homes.ts'
import { countUnread } from './lost.ts'
import type { Part } from './part.ts'
import { receiver } from './receive.ts'

const SECOND_MS = 1000
/** How often it says that it takes turns. */
const BEAT_MS = 250

/** All parts of one worker together: begun, told of other workers and ended in their order. Thread: its worker. */
export class Assembly {
  readonly #core: Core
  readonly #edge: Edge
  readonly #homes: Homes
  readonly #parts: readonly Part[]

  /** @param more what faces others than clients, such as the HTTP API */
  constructor(core: Core, edge: Edge, homes: Homes, more: readonly Part[]) {
    this.#core = core
    this.#edge = edge
    this.#homes = homes
    // Core's own comes last: what it undoes is undone before callers hear that nobody answers.
    this.#parts = [...edge.parts, ...homes.parts, ...more, core.part]
    core.run(this.#parts, receiver(edge.context, homes.posting, this.#parts))
  }

  /** Knows what the disk has, and does from now on what is done by time. Clients may come after it. @throws StoreError */
  async start(): Promise<void> {
    await this.#core.takeNumbers()
    restoreBroadcasts(this.#core, this.#edge.context)
    this.#homes.start()
    this.#edge.start()
  }

  /** Serves: ticks, and says that it is up. */
  serve(): void {
    const { clock, count, reactor } = this.#core
    clock.every(SECOND_MS, () => {
      const now = clock.now()
      this.#each(part => part.tick?.(now))
      this.#each(part => part.gauges?.(count))
      reactor.wake()
    })
    if (this.#core.overload.isOn) this.#watchLoad()
    clock.every(BEAT_MS, () => count.set('beat_ms', clock.instant() / 1000))
    reactor.wake()
    count.set('up', 1)
  }

  /** Looks how late it is and how full its rings are. */
  #watchLoad(): void {
    const { bus, clock, count, overload } = this.#core
    let dueAt = clock.now() + SAMPLE_MS
    clock.every(SAMPLE_MS, () => {
      const now = clock.now()
      overload.sample(Math.max(0, now - dueAt), bus.fill, now)
      count.set('overload_level', overload.level)
      dueAt = now + SAMPLE_MS
    })
  }

  /** A worker ended: its sessions are gone, and what it was the home of has to be told anew. */
  peerLost(worker: number): void {
    const { bus, count } = this.#core
    bus.disconnect(worker, (kind, block, at) => countUnread(count, kind, block, at))
    this.#each(part => part.workerLost?.(worker))
  }

  /** Another took its place, over new rings. */
  peerReplaced(worker: number, link: Link): void {
    // Whoever was itself being replaced has not heard of the loss.
    this.peerLost(worker)
    this.#core.bus.connect(worker, link)
    this.#each(part => part.workerReplaced?.(worker))
  }

  /** Everything that lasts is on the disk when it resolves. @throws StoreError */
  async stop(): Promise<void> {
    const { count, reactor, store } = this.#core
    count.set('up', 0)
    // Every worker has drained: what they told each other last is in the rings.
    await reactor.settle()
    reactor.stop()
    for (const part of this.#parts) {
      try {
        await part.stop?.()
      } catch (defect) {
        // What the other parts have must still get to the disk.
        this.#core.onDefect(defect)
      }
    }
    await store.commit()
  }

  /** Asks each part, behind the wall. */
  #each(ask: (part: Part) => void): void {
    for (const part of this.#parts) this.#core.guard(() => ask(part))
  }
}
