import { ListenerType } from '../contract/listener.ts'
import { Carrier, Place, type Subscriber } from '../fanout/topic.ts'
import { type DataKind, toJson } from '../protocol/json-format.ts'
import type { Connection } from '../transport/connection.ts'
import type { Cid, Gid, Rid, Sid, Uid } from '../util/id.ts'
import type { Memberships } from './memberships.ts'

export const SessionState = { NEW: 0, SIGNING_IN: 1, ONLINE: 2, CLOSED: 3 } as const
export type SessionState = (typeof SessionState)[keyof typeof SessionState]

interface Held {
  readonly frame: Buffer
  readonly dataKind: DataKind
}

/** Requests that came before the ONLINE was answered: dispatched again afterwards. */
interface Early {
  readonly sayAgain: (() => void)[]
  bytes: number
}

/** Most bytes that a client may send before its ONLINE is answered. */
const EARLY_BYTES_MAX = 262_144

/**
 * One connection and, from ONLINE on, one signed-in device: state only. Output is gathered until the end of the turn and
 * then written at once. Thread: its worker.
 */
export class Session implements Subscriber {
  readonly cid: Cid
  readonly connection: Connection
  state: SessionState = SessionState.NEW
  speaksJson = false
  /** Of use from SIGNING_IN on. */
  uid = 0 as unknown as Uid
  sid = 0 as unknown as Sid
  app = ''
  version = ''
  watches = 0
  /** When the client connected, and when it last sent something: whole ms of the clock, which need no heap number. */
  readonly openedAt: number
  seenAt: number
  /** Its place among all signed-in sessions. */
  readonly presence = new Place(this)
  rooms: Memberships<Rid> | undefined
  groups: Memberships<Gid> | undefined
  /** Output of this turn, in the form of the session. */
  #output: (Buffer | string)[] | undefined
  /** Frames that came before the ONLINE-ACK could be sent: they follow it. */
  #held: Held[] | undefined
  #early: Early | undefined

  constructor(cid: Cid, connection: Connection, now: number) {
    this.cid = cid
    this.connection = connection
    this.openedAt = Math.floor(now)
    this.seenAt = this.openedAt
  }

  get carrier(): Carrier {
    if (this.connection.listener === ListenerType.TCP) return Carrier.TCP
    return this.speaksJson ? Carrier.WS_JSON : Carrier.WS_BINARY
  }

  /** The client sent something. */
  seen(now: number): void {
    this.seenAt = Math.floor(now)
  }

  /** Adds one frame, in memory of its own, to the output of this turn. @returns whether it is the first of the turn */
  send(frame: Buffer, dataKind: DataKind): boolean {
    const message = this.speaksJson ? toJson(frame, dataKind) : frame
    if (this.#output !== undefined) {
      this.#output.push(message)
      return false
    }
    this.#output = [message]
    return true
  }

  /** Holds a frame until `takeHeld`: nothing may overtake the ONLINE-ACK. */
  hold(frame: Buffer, dataKind: DataKind): void {
    this.#held ??= []
    this.#held.push({ frame, dataKind })
  }

  takeHeld(): readonly Held[] {
    const held = this.#held ?? []
    this.#held = undefined
    return held
  }

  /** Keeps a request that came too early. @returns false when too many bytes wait */
  postpone(bytes: number, sayAgain: () => void): boolean {
    this.#early ??= { sayAgain: [], bytes: 0 }
    this.#early.bytes += bytes
    if (this.#early.bytes > EARLY_BYTES_MAX) return false
    this.#early.sayAgain.push(sayAgain)
    return true
  }

  takePostponed(): readonly (() => void)[] {
    const early = this.#early?.sayAgain ?? []
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

  write(payload: Buffer | string): boolean {
    return this.connection.write(payload, !this.speaksJson)
  }
}
