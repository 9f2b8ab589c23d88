import { Admission } from '#dist/admission/admission.js'
import { Keys } from '#dist/admission/keys.js'
import { Places } from '#dist/admission/places.js'
import type { ChatRecord } from '#dist/contract/records.js'
import { Counters } from '#dist/ops/counters.js'
import type { Fate } from '#dist/protocol/fate.js'
import type { Session } from '#dist/session/session.js'
import type { Line } from '#dist/shard/line.js'
import { MemoryStore } from '#dist/store/memory-store.js'
import type { ConnectionEvents } from '#dist/transport/connection.js'
import { Assembly } from '#dist/worker/assembly.js'
import { clientEvents } from '#dist/worker/clients.js'
import { type Core, createCore } from '#dist/worker/core.js'
import { createEdge, type Edge } from '#dist/worker/edge.js'
import { createHomes, type Homes } from '#dist/worker/homes.js'
import type { ToWorker, WorkerStart } from '#dist/worker/shared.js'
import { ModelClock } from './clock.js'
import type { ModelConnection } from './connection.js'
import { ModelWakeups } from './wakeups.js'
import type { World } from './world.js'

/** What the checks hear of a worker. */
export interface WorkerEvents {
  built(worker: ModelWorker): void
  /** The home is about to send a chat to all of a line. */
  posting(worker: ModelWorker, line: Line, chat: ChatRecord, frame: Buffer): void
  defect(worker: ModelWorker, defect: unknown): void
  /** A connection was handed this. */
  wrote(connection: ModelConnection, payload: Buffer | string, isBinary: boolean, fate: Fate): void
  peerReplaced(worker: ModelWorker, peer: number): void
}

/** One worker from its start to its loss: the product's, but for what is below it (worker/ground.ts) and its sockets. */
export class ModelWorker {
  readonly index: number
  readonly clock: ModelClock
  readonly wakeups: ModelWakeups
  readonly core: Core
  readonly edge: Edge
  readonly homes: Homes
  readonly socket: ConnectionEvents<Session>
  readonly connections = new Set<ModelConnection>()
  /** What main has told it and it has not heard. */
  readonly inbox: ToWorker[] = []
  isReady = false
  isLost = false
  /** It is ending in the middle of a step: nobody hears what it still says. */
  isMute = false
  /** How likely it is to run next, beside the others. */
  weight = 1
  /** It takes no turn until then. */
  frozenUntil = 0
  /** Records that it may still publish in the step in which it is lost; undefined: it is not. */
  #fuse: number | undefined
  readonly #world: World
  readonly #events: WorkerEvents
  readonly #assembly: Assembly

  constructor(world: World, start: WorkerStart, events: WorkerEvents) {
    const { index } = start
    this.#world = world
    this.#events = events
    this.index = index
    const onDefect = (defect: unknown) => {
      events.defect(this, defect)
      return { refused: 10001 }
    }
    this.clock = new ModelClock(world.time, world.random, onDefect)
    this.wakeups = new ModelWakeups(world.words, index)
    const { clock, wakeups } = this
    const { faults } = world
    const delayMs = () => world.random.below(index === faults.slowDisk ? faults.diskDelayMs : 2)
    const store = new MemoryStore(world.disk, clock, delayMs)
    const log = world.log
    this.core = createCore(start, { clock, store, log, wakeups, counters: new Counters(start.counters), onDefect })
    this.#watchWrites()
    const places = new Places(start.places, index, start.placeLimits, clock)
    const admission = new Admission(places, new Keys([]), this.core.limits, this.core.shedding)
    this.edge = createEdge(this.core, admission)
    this.homes = this.#watched(createHomes(this.core))
    this.#assembly = new Assembly(this.core, this.edge, this.homes, [{ methods: { nodesChanged: () => ({}) } }])
    events.built(this)
    this.socket = clientEvents(this.core, this.edge.context).events
    this.#assembly.start().then(
      () => {
        this.#assembly.serve()
        this.isReady = true
      },
      () => world.lose(this, 'it could not start'),
    )
  }

  get isUp(): boolean {
    return this.isReady && !this.isLost
  }

  wrote(connection: ModelConnection, payload: Buffer | string, isBinary: boolean, fate: Fate): void {
    this.#events.wrote(connection, payload, isBinary, fate)
  }

  /** The next that it hears of a connection. */
  hearSocket(connection: ModelConnection): void {
    const event = connection.events.shift()!
    if (event === 'opened') {
      connection.session = this.socket.opened(connection)
      this.#world.accepted(connection)
    } else if (event === 'closed') {
      connection.isOpen = false
      connection.events.length = 0
      this.connections.delete(connection)
      if (connection.session !== undefined) this.socket.closed(connection.session)
    } else {
      connection.heard++
      if (typeof event === 'string') this.socket.text(connection.session!, Buffer.from(event))
      else this.socket.binary(connection.session!, event)
    }
  }

  /** The next that main has told it. */
  hearMain(): void {
    const message = this.inbox.shift()!
    if (message.type === 'peerLost') this.core.guard(() => this.#assembly.peerLost(message.worker))
    else if (message.type === 'peerReplaced') {
      this.core.guard(() => this.#assembly.peerReplaced(message.worker, message.link))
      this.#events.peerReplaced(this, message.worker)
    }
  }

  /** It will be lost in its next step, after so many records of it. */
  arm(records: number): void {
    this.#fuse = records
  }

  get isArmed(): boolean {
    return this.#fuse !== undefined
  }

  /** It is gone. */
  end(): void {
    this.isLost = this.isMute = true
    this.isReady = false
    this.clock.end()
    // What its step has begun goes on in the model, but main has settled its counters by now.
    this.core.count.add = this.core.count.set = () => undefined
    for (const connection of this.connections) connection.lost()
  }

  /** From its end on, in the middle of a step or not, nothing that it still does reaches the rings. */
  #watchWrites(): void {
    const { bus } = this.core
    const begin = bus.begin.bind(bus)
    const end = bus.end.bind(bus)
    const flush = bus.flush.bind(bus)
    bus.begin = (to, kind, byteCount) => {
      if (!this.isMute) return begin(to, kind, byteCount)
      bus.block = Buffer.allocUnsafe(byteCount)
      return 0
    }
    bus.end = () => {
      if (this.#fuse !== undefined && this.#fuse-- === 0) this.isMute = true
      if (!this.isMute) end()
    }
    bus.flush = () => this.isMute || flush()
  }

  /** The same homes; each chat is shown before it is sent. */
  #watched(homes: Homes): Homes {
    const parts = homes.parts.map(part => {
      if (part.forums === undefined) return part
      const forums = Object.entries(part.forums).map(([scope, forum]) => {
        const shown = {
          command: forum.command,
          admit: (chat: ChatRecord, from: number) => forum.admit(chat, from),
          subGroupOf: (chat: ChatRecord) => forum.subGroupOf(chat),
          deliver: (line: Line, chat: ChatRecord, frame: Buffer) => {
            this.#events.posting(this, line, chat, frame)
            forum.deliver(line, chat, frame)
          },
          posted: (chat: ChatRecord) => forum.posted(chat),
        }
        return [scope, shown]
      })
      return { ...part, forums: Object.fromEntries(forums) }
    })
    return { ...homes, parts }
  }
}
