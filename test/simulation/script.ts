import { ListenerType } from '#dist/contract/listener.js'
import type { Body } from '../support/body.js'
import type { CommandName } from '../support/commands.js'
import type { Random } from '../support/seed.js'
import { ModelConnection } from './connection.js'
import type { Device } from './device.js'
import { Endpoint } from './endpoint.js'
import type { Said } from './ledger.js'
import { EXPIRE_S, GIDS, RIDS, UIDS } from './plan.js'
import { type Requests, requestsOf } from './requests.js'
import type { Simulation } from './simulation.js'
import type { ModelWorker } from './worker.js'

/** So many bytes are not more than rings take at once. */
const LONG = 1400

/** So long that a worker which tells another of all its sessions has its ring full. */
const LONG_APP = 'app'.repeat(21)
/** So many acts after the loss of a worker are most often of those who have met it. */
const AFTERMATH = 30

/** What clients and app servers do, as the seed says. None of it runs a worker: it only gives them something to hear. */
export class Script {
  readonly #simulation: Simulation
  readonly #random: Random
  readonly #requests: Requests
  /** What clients ask for in this run. A part of it each time: what meets rarely in the whole meets often there. */
  readonly #kinds: readonly (keyof Requests)[]
  readonly #app: string
  readonly #goOften: number
  readonly #callOften: number
  #connections = 0
  /** Acts of those who have just lost their worker, or whose call to it went wrong. */
  #aftermath = 0

  constructor(simulation: Simulation) {
    const { random } = simulation
    this.#simulation = simulation
    this.#random = random
    this.#requests = requestsOf(random, (...said) => this.#say(...said))
    const kinds = Object.keys(this.#requests) as (keyof Requests)[]
    const part = random.pick([2, 2, 4])
    const chosen = kinds.filter(() => random.below(part) === 0)
    this.#kinds = chosen.length > 0 ? chosen : kinds
    this.#app = random.pick(['app', 'app', LONG_APP])
    this.#goOften = random.pick([4, 14, 14, 40])
    this.#callOften = random.pick([3, 8, 30])
  }

  act(): void {
    const { devices, world } = this.#simulation
    const up = world.workers.filter(({ isUp, isArmed }) => isUp && !isArmed)
    if (up.length === 0) return
    if (this.#aftermath > 0 && this.#random.below(2) === 0) this.#comeBack(up)
    else if (this.#random.below(this.#callOften) === 0) this.#callApi(this.#random.pick(up))
    else this.#use(this.#random.pick(devices), up)
  }

  /** A worker was lost: its clients come back at once, and app servers try again. */
  workerLost(): void {
    this.#aftermath = AFTERMATH
  }

  #comeBack(up: readonly ModelWorker[]): void {
    this.#aftermath--
    const { api, devices } = this.#simulation
    const gone = devices.filter(({ current }) => current === undefined)
    if (gone.length > 0 && this.#random.below(3) > 0) this.#connect(this.#random.pick(gone), up, true)
    else {
      const gid = this.#random.pick(GIDS)
      api.call(this.#random.pick(up), gid, 'groupJoin', { gid: gid as never, uid: this.#random.pick(UIDS) })
    }
  }

  /** Signs in, over a connection of its own, a device that has none; asks again one that was refused. */
  comeOnline(device: Device, up: readonly ModelWorker[]): void {
    const { current } = device
    if (current === undefined) this.#connect(device, up, true)
    else if (current.state === 'new') this.#signIn(current)
  }

  #use(device: Device, up: readonly ModelWorker[]): void {
    const { current } = device
    if (current === undefined) this.#connect(device, up, this.#random.below(4) > 0)
    else if (current.state === 'new') this.#signIn(current)
    else if (current.state === 'signing in') {
      // Most wait; some give up and try elsewhere.
      const dice = this.#random.below(9)
      if (dice < 3) this.#leave(device, current, up)
      else if (dice < 5) this.#request(current)
    } else if (this.#random.below(this.#goOften) === 0) this.#leave(device, current, up)
    else this.#request(current)
  }

  #connect(device: Device, up: readonly ModelWorker[], isInAHurry: boolean): void {
    const worker = this.#random.pick(up)
    const listener = this.#random.below(3) === 0 ? ListenerType.TCP : ListenerType.WS
    const connection = new ModelConnection(worker, listener)
    const isJson = this.#random.below(3) === 0
    const endpoint = new Endpoint(++this.#connections, device, connection, isJson, this.#simulation.events)
    endpoint.madeAt = this.#simulation.world.time.now
    device.endpoints.push(endpoint)
    worker.connections.add(connection)
    this.#simulation.trace.note(1, () => `${endpoint} connects`)
    if (isInAHurry) this.#signIn(endpoint)
  }

  #signIn(endpoint: Endpoint): void {
    const { uid, sid, token } = endpoint.device
    endpoint.state = 'signing in'
    this.#ask(endpoint, 'ONLINE', { uid, sid, token, app: this.#app, version: this.#random.pick(['1', '2']) })
  }

  /** The device goes elsewhere: it closes, or is cut off and nobody has noticed, or its network has told the worker. */
  #leave(device: Device, current: Endpoint, up: readonly ModelWorker[]): void {
    const how = this.#random.pick(['closes', 'resets', 'falls silent', 'keeps it'] as const)
    this.#simulation.trace.note(2, () => `${current}: its device ${how}`)
    if (how === 'closes' || how === 'resets') current.connection.close(how === 'resets')
    if (how === 'falls silent') current.connection.isHalfDead = true
    if (this.#random.below(4) > 0) this.#connect(device, up, true)
  }

  #request(endpoint: Endpoint): void {
    const kind = this.#random.pick(this.#kinds)
    const [cmd, body] = this.#requests[kind](endpoint)
    this.#ask(endpoint, cmd, body)
  }

  #ask(endpoint: Endpoint, cmd: CommandName, body: Body): void {
    const { seq } = endpoint.ask(cmd, body)
    this.#simulation.trace.note(seq, () => {
      const { token: _, text, ...shown } = body
      return `${endpoint} says ${cmd} ${seq} ${JSON.stringify(shown)}${text === undefined ? '' : ` ${text.slice(0, 12)}`}`
    })
  }

  #say({ device }: Endpoint, kind: Said['kind'], target: number): string {
    const { ledger } = this.#simulation
    const text = ledger.newText(this.#random.below(10) === 0 ? this.#random.below(LONG) : 0)
    ledger.say({ text, kind, target, uid: device.uid, msgid: undefined })
    return text
  }

  #callApi(worker: ModelWorker): void {
    const random = this.#random
    const { api, devices } = this.#simulation
    const rid = random.pick(RIDS)
    const gid = random.pick(GIDS)
    const uid = random.pick(UIDS)
    const device = random.pick(devices)
    const on = random.below(3) === 0
    const expire = random.below(2) * EXPIRE_S
    const [room, group] = [rid as never, gid as never]
    random.pick([
      () => api.push(worker, 'user', Number(uid), Number(uid), expire),
      () => api.push(worker, 'sid', device.sid, device.uid, expire),
      () => api.push(worker, 'group', gid, 0, expire),
      () => api.push(worker, 'room', rid, 0, expire),
      () => api.push(worker, 'all', 0, 0, expire),
      () => api.call(worker, gid, 'groupJoin', { gid: group, uid }),
      () => api.call(worker, gid, 'groupJoin', { gid: group, uid }),
      () => api.call(worker, gid, 'groupKick', { gid: group, uid }),
      () => api.call(worker, gid, 'groupOpen', { gid: group }),
      () => api.call(worker, gid, 'groupGag', { gid: group, uid, on }),
      () => api.call(worker, rid, 'roomKick', { rid: room, uid }),
      () => api.call(worker, rid, 'roomBlacklist', { rid: room, uid, on }),
      () => api.call(worker, rid, 'roomGag', { rid: room, uid, on }),
    ])()
  }
}
