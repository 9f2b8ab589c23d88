import type { Clock, Timer } from '../util/clock.ts'
import type { Bus } from './bus.ts'

/** At most this many records before a flush: keeps one busy peer from holding back all output. */
const RECORDS_PER_TURN = 4096
/** The same in milliseconds: a record may ask for much. Sockets are served again after it. */
const DRAIN_MS = 8
/** Records of each peer between two looks at the clock. */
const BATCH = 64
const FULL_RING_MS = 1
/** A worker that has ended reads nothing more: after this time records for it are given up. */
const SETTLE_MS = 1000
/** The safety net: a lost wake-up would cost this much latency, and no message. */
const SAFETY_NET_MS = 100

/**
 * The turn of a worker: drain the rings, flush what records and clients caused, wake the others, and sleep when nothing is
 * left. Code that needs a turn calls `wake`, as the bus does for each record; many calls make one turn. Thread: its worker.
 */
export class Reactor {
  readonly #bus: Bus
  readonly #clock: Clock
  readonly #flush: () => void
  #safetyNet: Timer | undefined
  #scheduled = false
  #isRunning = false

  /** @param flush sends what the records of a turn caused; must not throw */
  constructor(bus: Bus, clock: Clock, flush: () => void) {
    this.#bus = bus
    this.#clock = clock
    this.#flush = flush
    bus.onWrite = this.wake
  }

  /** Takes turns from now on; until then what comes waits in the rings. */
  start(): void {
    this.#isRunning = true
    this.#safetyNet = this.#clock.every(SAFETY_NET_MS, this.wake)
    this.wake()
  }

  /** Makes a turn happen at the end of this one. */
  readonly wake = (): void => {
    if (this.#scheduled || !this.#isRunning) return
    this.#scheduled = true
    this.#clock.soon(this.#turn)
  }

  /** Resolves when all records of this worker are in the rings and all that arrived are read. */
  async settle(): Promise<void> {
    const endAt = this.#clock.now() + SETTLE_MS
    let isQuiet = false
    while (!isQuiet && this.#clock.now() < endAt) {
      await new Promise<void>(resolve => this.#clock.soon(resolve))
      isQuiet = this.#bus.drain(RECORDS_PER_TURN) === 0 && this.#bus.flush()
    }
  }

  stop(): void {
    this.#isRunning = false
    this.#clock.cancel(this.#safetyNet)
  }

  readonly #turn = (): void => {
    this.#scheduled = false
    if (!this.#isRunning) return
    this.#bus.awake()
    let records = 0
    const until = this.#clock.now() + DRAIN_MS
    for (let got = -1; got !== 0 && records < RECORDS_PER_TURN; records += got) {
      got = this.#bus.drain(BATCH)
      if (this.#clock.now() >= until) break
    }
    this.#flush()
    const allSent = this.#bus.flush()
    if (records > 0 || !this.#bus.sleep(this.wake)) this.wake()
    // A full ring: its reader is busy or being replaced, so trying all the time is of no use.
    else if (!allSent) this.#clock.after(FULL_RING_MS, this.wake)
  }
}
