import { Tokens } from '#dist/session/token.js'
import { type Random, randomOf } from '../support/seed.js'
import { Api } from './api.js'
import { checksOf } from './checks/all.js'
import { Device } from './device.js'
import type { Endpoint, EndpointEvents } from './endpoint.js'
import { Faults } from './faults.js'
import { clientsHeard, worldHeard } from './hearing.js'
import { Ledger } from './ledger.js'
import { GIDS, PRECISION_S, RIDS, UIDS } from './plan.js'
import type { ApiCall, Check, Scene } from './scene.js'
import { Scheduler } from './scheduler.js'
import { Script } from './script.js'
import { Trace } from './trace.js'
import type { Invariant, Violation } from './violations.js'
import { World } from './world.js'

export interface RunOptions {
  readonly seed: number
  /** Steps before it is left to settle. */
  readonly steps: number
  /** 0: as the seed says. */
  readonly workers: number
  /** Whether the trace is kept to be read. */
  readonly isTraced: boolean
}

/** Of each user at most so many, as the seed says: with many, a worker that is told of all of them has its ring full. */
const DEVICES_EACH_MAX = [2, 2, 2, 6]
/** Long enough for a worker to be replaced, calls to be over and everybody to be told. */
const SETTLE_MS = 2600
/** Buckets that are kept: more than a run makes. */
const STATISTICS = 100_000
const PROBE_MS = 300
/** A client that is refused tries again so often. */
const TRIES = 8
/** More violations say nothing more. */
const VIOLATIONS_MAX = 20

/** One run: a gateway, its clients and what goes wrong, all from one seed. */
export class Simulation implements Scene {
  readonly random: Random
  readonly trace: Trace
  readonly world: World
  readonly scheduler: Scheduler
  readonly ledger = new Ledger()
  readonly devices: readonly Device[]
  readonly calls: ApiCall[] = []
  readonly violations: Violation[] = []
  readonly events: EndpointEvents
  readonly api: Api
  readonly #script: Script
  readonly #checks: readonly Check[]

  constructor({ seed, workers, isTraced }: RunOptions) {
    this.random = randomOf(seed)
    this.trace = new Trace(isTraced)
    const checks: Check[] = []
    this.#checks = checks
    this.events = clientsHeard(this, checks)
    const seats = workers === 0 ? 1 + this.random.below(4) : workers
    this.world = new World(this.random, seats, worldHeard(this, checks))
    this.trace.world = this.world
    const devicesMax = this.random.pick(DEVICES_EACH_MAX)
    const tokens = new Tokens(this.world.disk.tokenKey)
    this.devices = UIDS.flatMap(uid =>
      Array.from({ length: 1 + this.random.below(devicesMax) }, (_, index) => {
        const sid = Number(uid) * 10 + index + 1
        return new Device(Number(uid), sid, tokens.issue(uid, sid as never, 4_000_000_000))
      }),
    )
    this.scheduler = new Scheduler(this.world, this.trace)
    this.api = new Api(this, this.calls)
    this.#script = new Script(this)
    checks.push(...checksOf(this), { lost: () => this.#script.workerLost() })
    this.world.start()
  }

  async run(steps: number): Promise<void> {
    await this.scheduler.runUntil(this.world.time.now + 50)
    const faults = new Faults(this, this.scheduler)
    this.api.call(this.world.workers[0]!, undefined, 'statsAdd', { prec: String(PRECISION_S), num: STATISTICS })
    for (let step = 0; step < steps; step++) {
      if (this.random.below(3) === 0) this.#script.act()
      else if (!(await this.scheduler.step(this.world.time.now + 20))) this.#script.act()
      faults.strike()
    }
    faults.stop()
    await this.#settle()
    this.#judge(false)
    this.#probe()
    await this.scheduler.runUntil(this.world.time.now + PROBE_MS)
    this.#judge(true)
  }

  readonly endpointOf = (worker: number, cid: number): Endpoint | undefined => {
    for (const connection of this.world.workers[worker]?.connections ?? []) {
      if (connection.session?.cid === cid) return connection.client as Endpoint
    }
    return undefined
  }

  readonly violate = (invariant: Invariant, text: string): void => {
    this.trace.note(9, () => `VIOLATED ${invariant}: ${text}`)
    if (this.violations.length < VIOLATIONS_MAX) this.violations.push({ invariant, text, step: this.scheduler.steps })
  }

  /** Workers are replaced, everybody gets online, and what is on its way arrives. */
  async #settle(): Promise<void> {
    for (let tries = 0; tries < TRIES; tries++) {
      await this.scheduler.runUntil(this.world.time.now + SETTLE_MS / TRIES)
      const up = this.world.workers.filter(({ isUp }) => isUp)
      for (const device of this.devices)
        if (up.length === this.world.workers.length) this.#script.comeOnline(device, up)
    }
    await this.scheduler.runUntil(this.world.time.now + SETTLE_MS)
  }

  #judge(isLast: boolean): void {
    for (const check of this.#checks) check.settled?.(isLast)
  }

  /** One push to everything that there is. */
  #probe(): void {
    const worker = () => this.random.pick(this.world.workers)
    for (const rid of RIDS) this.api.push(worker(), 'room', rid, 0, 0, true)
    for (const gid of GIDS) this.api.push(worker(), 'group', gid, 0, 0, true)
    for (const uid of UIDS) this.api.push(worker(), 'user', Number(uid), Number(uid), 0, true)
    for (const { sid, uid } of this.devices) this.api.push(worker(), 'sid', sid, uid, 0, true)
    this.api.push(worker(), 'all', 0, 0, 0, true)
  }
}
