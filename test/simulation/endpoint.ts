import { ListenerType } from '#dist/contract/listener.js'
import type { Disconnect } from '#dist/protocol/disconnect.js'
import type { Body } from '../support/body.js'
import { decodeBinary, decodeJson, encodeBinary, encodeJson } from '../support/codec.js'
import type { CommandName } from '../support/commands.js'
import type { ClientEnd, ModelConnection } from './connection.js'
import type { Device } from './device.js'

/** A request of a client, and what became of it. */
export interface Asked {
  readonly cmd: CommandName
  readonly seq: number
  readonly body: Body
  /** Undefined while there is no answer. */
  code: number | undefined
  /** A chat that was on its way to a worker that was lost: whether it is answered nobody promises. */
  isLost: boolean
}

/** When a message came. */
export interface Receipt {
  /** How often the worker of the connection had heard the client. */
  readonly heard: number
  /** How often the home of its user had been lost. */
  readonly losses: number
}

export type ClientState = 'new' | 'signing in' | 'online' | 'over'

/** A frame as a client of the simulation gets it: its requests have numbers, and so have their acks. */
export interface Heard {
  readonly cmd: string
  readonly seq: number
  readonly body: Body
}

/** What the checks hear of a client. */
export interface EndpointEvents {
  heard(endpoint: Endpoint, frame: Heard): void
  ended(endpoint: Endpoint, reason: Disconnect | undefined): void
}

/** The client's end of one connection: what it asked and what it has come to believe. State only; the checks judge. */
export class Endpoint implements ClientEnd {
  readonly id: number
  readonly device: Device
  readonly connection: ModelConnection
  readonly isJson: boolean
  state: ClientState = 'new'
  /** The order in which workers accepted connections; undefined: not yet. */
  acceptedAt: number | undefined
  /** When it connected, in ms of the simulation. */
  madeAt = 0
  onlineAt: number | undefined
  /** Why it is over, when the gateway said so. */
  reason: Disconnect | undefined
  readonly asked = new Map<number, Asked>()
  /** Rooms that it is in by word of the gateway, with the number of its sub-group. */
  readonly rooms = new Map<number, number>()
  /** Rooms that it was in when a repeated join was answered that the gateway is busy. */
  readonly doubted = new Set<number>()
  /** Newest msgid of each line. */
  readonly newest = new Map<string, number>()
  readonly had = new Map<number, Receipt>()
  readonly texts = new Set<string>()
  /** What was not written because it read too slowly, while its connection stays. */
  readonly missed = new Set<string>()
  /** What was written when it had gone or was half-dead: how often its worker had heard it by then. */
  readonly unheard = new Map<string, number>()
  /** By room and user: what the last notice said. */
  readonly told = new Map<string, 'join' | 'quit'>()
  #seq = 0
  readonly #events: EndpointEvents

  constructor(id: number, device: Device, connection: ModelConnection, isJson: boolean, events: EndpointEvents) {
    this.id = id
    this.device = device
    this.connection = connection
    this.isJson = isJson && connection.listener === ListenerType.WS
    this.#events = events
    connection.client = this
  }

  /** Whether it may ask for something. */
  get isAlive(): boolean {
    return this.state !== 'over' && !this.connection.isHalfDead
  }

  /** What its worker takes it to have had: it was written, and the worker has heard since what the client had said before. */
  isTakenToHave(text: string): boolean {
    return (this.unheard.get(text) ?? Number.POSITIVE_INFINITY) < this.connection.heard
  }

  ask(cmd: CommandName, body: Body): Asked {
    const seq = ++this.#seq
    const asked: Asked = { cmd, seq, body, code: undefined, isLost: false }
    this.asked.set(seq, asked)
    this.connection.events.push(this.isJson ? encodeJson(cmd, seq, body) : encodeBinary(cmd, seq, body))
    return asked
  }

  hear(payload: Buffer | string, isBinary: boolean): void {
    // Who has left hears no more.
    if (this.state === 'over') return
    for (const frame of framesOf(payload, isBinary)) this.#events.heard(this, frame)
  }

  ended(reason: Disconnect | undefined): void {
    if (this.state === 'over') return
    this.state = 'over'
    this.reason = reason
    this.#events.ended(this, reason)
  }

  toString(): string {
    return `connection ${this.id} (uid ${this.device.uid} sid ${this.device.sid} at ${this.connection.worker.index})`
  }
}

/** The frames in a payload. */
export function framesOf(payload: Buffer | string, isBinary: boolean): readonly Heard[] {
  const frames = isBinary ? decodeBinary(payload as Buffer).frames : decodeJson(payload.toString())
  return frames as Heard[]
}

/** How many frames a payload holds. */
export function framesIn(payload: Buffer | string, isBinary: boolean): number {
  if (!isBinary) return payload.toString().split('\n').length
  let frames = 0
  const bytes = payload as Buffer
  for (let at = 0; at < bytes.length; at += 4 + bytes.readUInt32BE(at)) frames++
  return frames
}
