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
  /** Why it is over, when the gateway said so. */
  reason: Disconnect | undefined
  readonly asked = new Map<number, Asked>()
  /** Rooms that it is in by word of the gateway, with the number of its sub-group; and those that it ever asked for. */
  readonly rooms = new Map<number, number>()
  /** Rooms that it was in when a repeated join was answered that the gateway is busy. */
  readonly doubted = new Set<number>()
  readonly roomsAsked = new Set<number>()
  /** Newest msgid of each line. */
  readonly newest = new Map<string, number>()
  readonly had = new Set<number>()
  readonly texts = new Set<string>()
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
    const frames = isBinary ? decodeBinary(payload as Buffer).frames : decodeJson(payload.toString())
    for (const frame of frames as Heard[]) this.#events.heard(this, frame)
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

/** How many frames a payload holds. */
export function framesIn(payload: Buffer | string, isBinary: boolean): number {
  if (!isBinary) return payload.toString().split('\n').length
  let frames = 0
  const bytes = payload as Buffer
  for (let at = 0; at < bytes.length; at += 4 + bytes.readUInt32BE(at)) frames++
  return frames
}
