import { Carrier, type Subscriber, type Topic } from '../fanout/topic.ts'
import { type DataKind, toJson } from '../protocol/json-format.ts'
import { type Connection, ListenerType } from '../transport/connection.ts'
import type { Id } from '../util/id.ts'

export const SessionState = { NEW: 0, SIGNING_IN: 1, ONLINE: 2, CLOSED: 3 } as const
export type SessionState = (typeof SessionState)[keyof typeof SessionState]

/** The notices that a session may SUBscribe to, as bits. */
export const Watch = { ROOM_USR_NUM: 1, ROOM_LSN_STAT: 2 } as const

/** A room or group that the session is in, or that its owner was asked to let it into. */
export interface Membership {
  /** Absent until the owner has answered. */
  topic: Topic | undefined
  /** Questions to the owner that are not answered yet: while there are any, the end of the session must be told to it. */
  asked: number
}

/** Most that a client may say before its ONLINE was answered. */
const EARLY_BYTES_MAX = 262_144

/**
 * One connection and, from ONLINE on, one signed-in device: state only. Output is gathered until the end of the turn and
 * then written at once. Thread: its worker.
 */
export class Session implements Subscriber {
  readonly cid: number
  readonly connection: Connection
  state: SessionState = SessionState.NEW
  speaksJson = false
  uid: Id = 0
  sid: Id = 0
  app = ''
  version = ''
  watches = 0
  /** When the client connected, and when it last said something, ms of performance.now(). */
  readonly openedAt: number
  seenAt: number
  rooms: Map<Id, Membership> | undefined
  groups: Map<Id, Membership> | undefined
  /** Output of this turn, in the form of the session. */
  #output: (Buffer | string)[] | undefined
  /** Frames that came before the ONLINE-ACK could be sent: they follow it. */
  #held: { frame: Buffer; dataKind: DataKind }[] | undefined

  /** What the client said before its ONLINE was answered: said again then. */
  #early: (() => void)[] | undefined
  #earlyBytes = 0

  constructor(cid: number, connection: Connection, now: number) {
    this.cid = cid
    this.connection = connection
    this.openedAt = now
    this.seenAt = now
  }

  get carrier(): Carrier {
    if (this.connection.listener === ListenerType.TCP) return Carrier.TCP
    return this.speaksJson ? Carrier.WS_JSON : Carrier.WS_BINARY
  }

  /** Adds one frame, in memory of its own, to the output of this turn. @returns whether there was none before */
  send(frame: Buffer, dataKind: DataKind): boolean {
    const message = this.speaksJson ? toJson(frame, dataKind) : frame
    if (this.#output !== undefined) {
      this.#output.push(message)
      return false
    }
    this.#output = [message]
    return true
  }

  /** Keeps a frame until `takeHeld`: nothing may overtake the ONLINE-ACK. */
  hold(frame: Buffer, dataKind: DataKind): void {
    this.#held ??= []
    this.#held.push({ frame, dataKind })
  }

  takeHeld(): readonly { frame: Buffer; dataKind: DataKind }[] {
    const held = this.#held ?? []
    this.#held = undefined
    return held
  }

  /** Keeps what came too early. @returns false when that is too much */
  postpone(bytes: number, sayAgain: () => void): boolean {
    this.#earlyBytes += bytes
    if (this.#earlyBytes > EARLY_BYTES_MAX) return false
    this.#early ??= []
    this.#early.push(sayAgain)
    return true
  }

  takePostponed(): readonly (() => void)[] {
    const early = this.#early ?? []
    this.#early = undefined
    return early
  }

  /** Writes the output of this turn as one message. */
  flush(): void {
    const output = this.#output
    if (output === undefined) return
    this.#output = undefined
    if (output.length === 1) this.write(output[0]!)
    else if (this.speaksJson) this.write(output.join('\n'))
    else this.write(Buffer.concat(output as Buffer[]))
  }

  write(payload: Buffer | string): void {
    this.connection.write(payload)
  }

  subscribe(name: string): void {
    this.connection.subscribe(name)
  }

  unsubscribe(name: string): void {
    this.connection.unsubscribe(name)
  }
}
