import type { Scheduler } from './scheduler.js'
import type { Simulation } from './simulation.js'

/** What goes wrong in one run, how often: the seed chooses, and many runs have only one kind, or none. */
interface Mix {
  readonly losses: number
  readonly disk: boolean
  readonly time: boolean
  readonly clients: boolean
  readonly freezes: boolean
}

const HOUR_MS = 3_600_000
/** More than a call may take, and than a second: answers come too late. */
const LONG_MS = 1500

/** Makes things go wrong while a run lasts, and right again at its end. */
export class Faults {
  readonly #simulation: Simulation
  readonly #scheduler: Scheduler
  readonly #mix: Mix
  #losses = 0
  #lastLost: number | undefined

  constructor(simulation: Simulation, scheduler: Scheduler) {
    const { random } = simulation
    this.#simulation = simulation
    this.#scheduler = scheduler
    // Sooner than in production (gateway.ts): what is late then meets the next worker.
    simulation.world.faults.restartMs = random.pick([1, 1, 10, 100])
    this.#mix = {
      losses: random.pick([0, 0, 1, 2, 4, 6]),
      disk: random.below(2) === 0,
      time: random.below(2) === 0,
      clients: random.below(3) === 0,
      freezes: random.below(2) === 0,
    }
  }

  /** Called at every step. */
  strike(): void {
    const { random, world } = this.#simulation
    const { losses, disk, time, clients, freezes } = this.#mix
    if (random.below(25) === 0) this.#scheduler.reweigh()
    if (this.#losses < losses && random.below(35) === 0) this.#lose()
    if (disk && random.below(40) === 0) this.#spoilDisk()
    if (freezes && random.below(40) === 0) this.#freeze()
    if (time && random.below(40) === 0) world.time.now += random.below(random.pick([10, 60, LONG_MS]))
    if (time && random.below(200) === 0) this.#setClock()
    if (clients && random.below(60) === 0) this.#stall()
  }

  /** Nothing fails from now on. */
  stop(): void {
    const { world, devices } = this.#simulation
    world.disk.failures = 0
    world.faults.diskDelayMs = 1
    world.faults.lateMs = 0
    for (const worker of world.workers) Object.assign(worker, { weight: 1, frozenUntil: 0 })
    for (const { connection } of devices.flatMap(device => device.endpoints)) connection.read()
  }

  #lose(): void {
    const { random, world } = this.#simulation
    // Often the one that has just begun: its numbers are still those that its forerunner was asked with.
    const worker =
      this.#lastLost !== undefined && random.below(2) === 0
        ? world.workers[this.#lastLost]!
        : random.pick(world.workers)
    if (worker.isLost) return
    this.#losses++
    this.#lastLost = worker.index
    // What it is told at its start it may answer too late.
    world.faults.lateMs = random.pick([0, 0, 2 * LONG_MS])
    if (random.below(2) === 0) worker.arm(random.below(6))
    else world.lose(worker, 'lost between two steps')
    if (this.#mix.freezes && random.below(2) === 0) this.#freeze()
    // What others were asked by it takes longer than it takes to replace it.
    if (random.below(2) === 0)
      Object.assign(world.faults, { diskDelayMs: 300, slowDisk: random.below(world.workers.length) })
  }

  /** One worker stands still while others go on, so that what it hears is old: long enough for another to be replaced. */
  #freeze(): void {
    const { random, world } = this.#simulation
    const worker = random.pick(world.workers)
    worker.frozenUntil = world.time.now + random.below(random.pick([5, 30, 150, LONG_MS, LONG_MS]))
    this.#simulation.trace.note(10, () => `worker ${worker.index} stands still until ${worker.frozenUntil.toFixed(2)}`)
  }

  #spoilDisk(): void {
    const { random, world } = this.#simulation
    world.disk.failures = random.below(2)
    world.faults.diskDelayMs = random.pick([1, 20, 60, 300])
    world.faults.slowDisk = random.below(world.workers.length)
  }

  #setClock(): void {
    const { random, world } = this.#simulation
    world.setWallClock((random.below(3) - 1) * HOUR_MS)
  }

  #stall(): void {
    const { random, devices } = this.#simulation
    const current = random.pick(devices).current
    if (current === undefined) return
    const { connection } = current
    this.#simulation.trace.note(5, () => `${current} reads nothing any more, or again`)
    if (connection.isStalled) connection.read()
    else connection.stall()
  }
}
