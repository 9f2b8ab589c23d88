import { ListenerType } from '../contract/listener.ts'
import { type StoredMark, type StoredOf, StoredScope } from '../contract/stored.ts'
import { Carrier, Place, type Subscriber } from '../fanout/topic.ts'
import type { Watermark } from '../fanout/watermark.ts'
import { type DataKind, type JsonSeq, toJson } from '../protocol/json-format.ts'
import type { Connection } from '../transport/connection.ts'
import type { Cid, Gid, Rid, Sid, Uid } from '../util/id.ts'
import { KeptSeqs } from './kept-seqs.ts'
import type { Membership, Memberships } from './memberships.ts'
import { StoredMarks } from './stored-marks.ts'

export const SessionState = { NEW: 0, SIGNING_IN: 1, ONLINE: 2, CLOSED: 3 } as const
export type SessionState = (typeof SessionState)[keyof typeof SessionState]

interface Held {
  readonly frame: Buffer
  readonly dataKind: DataKind
  /** Of a stored push. */
  readonly mark: StoredMark | undefined
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
  /** It gets ids as decimal text, as its ONLINE asked for; JSON only. */
  idsAsText = false
  /** Of use from SIGNING_IN on. */
  uid = 0 as unknown as Uid
  sid = 0 as unknown as Sid
  app = ''
  version = ''
  watches = 0
  /** Requests that a home has not answered yet. */
  requestsOpen = 0
  /** Too many are open: what it says meanwhile waits. */
  isHeld = false
  /** When the client connected: microseconds of the clock of all threads (`Clock.instant`). */
  readonly at: number
  /** When it last said something: whole ms of the clock, which take no memory of their own. */
  seenAt: number
  /** How often it has said something. */
  heard = 0
  /** What the device has had of stored pushes; most have had none. */
  marks: StoredMarks | undefined
  /** Its place among all signed-in sessions. */
  readonly presence = new Place(this)
  rooms: Memberships<Rid> | undefined
  groups: Memberships<Gid> | undefined
  /** Output of this turn, in the form of the session. */
  #output: (Buffer | string)[] | undefined
  /** Frames that came before the ONLINE-ACK could be sent: they follow it. */
  #held: Held[] | undefined
  #early: Early | undefined
  #outputBytes = 0
  #pauses = 0
  #seqs: KeptSeqs | undefined
  /** The stored pushes in the output, and in what topics wrote while it signed in. */
  #stored: StoredMark[] | undefined
  /** The msgids of stored pushes that are held or in the output. */
  #coming: Set<number> | undefined
  /** The last stored push of each place that was written and waits here for the client to read. */
  #late: Map<Watermark, { readonly msgid: number; readonly endsAt: number }> | undefined
  /** Something was not taken by its transport. */
  #hasMissed = false

  /** @param at `Clock.instant` @param now `Clock.now` */
  constructor(cid: Cid, connection: Connection, at: number, now: number) {
    this.cid = cid
    this.connection = connection
    this.at = at
    this.seenAt = Math.floor(now)
  }

  get carrier(): Carrier {
    if (this.connection.listener === ListenerType.TCP) return Carrier.TCP
    if (!this.speaksJson) return Carrier.WS_BINARY
    return this.idsAsText ? Carrier.WS_JSON_TEXT_IDS : Carrier.WS_JSON
  }

  /** The client sent something. */
  seen(now: number): void {
    this.seenAt = Math.floor(now)
    this.heard++
    if (this.#late !== undefined) this.#settle(this.heard - 1)
  }

  /** Bytes (of JSON: characters) that wait for the end of the turn, or for the ONLINE-ACK. */
  get outputBytes(): number {
    return this.#outputBytes
  }

  /** Stops reading from the client, where its transport can. Each pause needs its resume. @returns whether it could */
  pause(): boolean {
    if (!this.connection.pause()) return false
    this.#pauses++
    return true
  }

  get isPaused(): boolean {
    return this.#pauses > 0
  }

  resume(): void {
    if (--this.#pauses === 0) this.connection.resume()
  }

  /** What was gathered is not written: the client is closed for it. */
  dropOutput(): void {
    this.#output = undefined
    this.#held = undefined
    this.#stored = undefined
    this.#outputBytes = 0
  }

  /** @returns what frames say where the client, who speaks JSON, said this seq */
  seqOf(seq: JsonSeq): number {
    if (typeof seq === 'number') return seq
    this.#seqs ??= new KeptSeqs()
    return this.#seqs.keep(seq)
  }

  /**
   * Adds one frame, in memory of its own, to the output of this turn. @returns whether there was none before
   * @param mark of a stored push, which the client has had once it says something after this is written
   */
  send(frame: Buffer, dataKind: DataKind, mark?: StoredMark): boolean {
    if (mark !== undefined) {
      this.#comes(mark)
      this.#note(mark)
    }
    const message = this.speaksJson ? toJson(frame, dataKind, this.idsAsText, this.#seqs) : frame
    this.#outputBytes += message.length
    if (this.#output !== undefined) {
      this.#output.push(message)
      return false
    }
    this.#output = [message]
    return true
  }

  /** Holds a frame until `takeHeld`: nothing may overtake the ONLINE-ACK. */
  hold(frame: Buffer, dataKind: DataKind, mark: StoredMark | undefined): void {
    this.#held ??= []
    this.#held.push({ frame, dataKind, mark })
    if (mark !== undefined) this.#comes(mark)
    this.#outputBytes += frame.length
  }

  /** Its sign-in was refused: stored pushes are given to it when it tries again, what else came for it is kept. */
  dropHeldStored(): void {
    const held = this.takeHeld()
    this.#coming = this.#stored = undefined
    for (const { frame, dataKind, mark } of held) if (mark === undefined) this.hold(frame, dataKind, mark)
  }

  takeHeld(): readonly Held[] {
    const held = this.#held ?? []
    this.#held = undefined
    for (const { frame } of held) this.#outputBytes -= frame.length
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
    this.#outputBytes = 0
    if (output.length === 1) this.write(output[0]!)
    else if (this.speaksJson) this.write(output.join('\n'))
    else this.write(Buffer.concat(output as Buffer[]))
    const stored = this.#stored
    this.#stored = undefined
    for (const { scope, of, upTo, endsAt } of stored ?? []) this.#wrote(this.#marksOf(scope, of), upTo, endsAt)
    if (this.#held === undefined) this.#coming = undefined
  }

  write(payload: Buffer | string): boolean {
    const isTaken = this.connection.write(payload, !this.speaksJson)
    if (!isTaken) this.#hasMissed = true
    return isTaken
  }

  /** By a topic: all stored pushes there up to this one were written. */
  wrote(place: Place, msgid: number, endsAt: number): void {
    const { scope, of } = this.#whereIs(place)
    // What was there before it came waits for the ONLINE-ACK.
    if (this.state === SessionState.SIGNING_IN) {
      this.#note({ scope, of, upTo: msgid, endsAt })
      return
    }
    place.watermark ??= this.#marksOf(scope, of)
    this.#wrote(place.watermark, msgid, endsAt)
  }

  /** It is told what the device has had over earlier connections. */
  inherit(marks: readonly StoredMark[]): void {
    if (marks.length === 0) return
    this.marks ??= new StoredMarks()
    this.marks.inherit(marks)
  }

  /** Whether a stored push is to go to it: not when it has had it, will have it, or will be given it when it has signed in. */
  lacks({ scope, of, upTo }: StoredMark): boolean {
    if (this.state === SessionState.NEW || this.#coming?.has(upTo) === true) return false
    return this.hadUpTo(scope, of) < upTo
  }

  /** The highest msgid of stored pushes that was written to it, or that the device has had before. */
  hadUpTo(scope: StoredScope, of: StoredOf): number {
    return this.marks?.find(scope, of)?.written ?? 0
  }

  /** What was written before it last said something: over it pushes are not sent again. */
  get storedMarks(): readonly StoredMark[] {
    return this.marks?.had(this.heard) ?? []
  }

  /** Behind what was missed nothing counts, and what still waits here does not yet. */
  #wrote(watermark: Watermark, msgid: number, endsAt: number): void {
    if (this.#hasMissed) return
    if (this.#late !== undefined) this.#settle(this.heard)
    if (this.connection.waiting > 0 || this.#late !== undefined) {
      this.#late ??= new Map()
      this.#late.set(watermark, { msgid, endsAt })
    } else watermark.wrote(msgid, endsAt, this.heard)
  }

  /** What waited here has gone out, if all has. @param heard how often the client had been heard by then */
  #settle(heard: number): void {
    if (this.connection.waiting > 0) return
    for (const [watermark, { msgid, endsAt }] of this.#late!) watermark.wrote(msgid, endsAt, heard)
    this.#late = undefined
  }

  #comes({ upTo }: StoredMark): void {
    this.#coming ??= new Set()
    this.#coming.add(upTo)
  }

  #note(mark: StoredMark): void {
    this.#stored ??= []
    this.#stored.push(mark)
  }

  #marksOf(scope: StoredScope, of: StoredOf): Watermark {
    this.marks ??= new StoredMarks()
    return this.marks.of(scope, of)
  }

  #whereIs(place: Place): { scope: StoredScope; of: StoredOf } {
    if (place === this.presence) return { scope: StoredScope.ALL, of: 0 }
    const { id } = place as Membership
    return this.rooms?.get(id as Rid) === place
      ? { scope: StoredScope.ROOM, of: id as Rid }
      : { scope: StoredScope.GROUP, of: id as Gid }
  }
}
