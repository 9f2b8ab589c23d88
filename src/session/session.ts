import type { Pace } from '../admission/pace.ts'
import { ListenerType } from '../contract/listener.ts'
import type { StoredMark } from '../contract/stored.ts'
import { Carrier, type Place, type Subscriber } from '../fanout/topic.ts'
import type { Disconnect } from '../protocol/disconnect.ts'
import { Fate } from '../protocol/fate.ts'
import { messagesIn } from '../protocol/frame.ts'
import { type DataKind, type JsonSeq, toJson } from '../protocol/json-format.ts'
import type { Connection } from '../transport/connection.ts'
import type { Cid, Gid, Rid, Sid, Uid } from '../util/id.ts'
import { KeptSeqs } from './kept-seqs.ts'
import type { Memberships } from './memberships.ts'
import { Presence } from './presence.ts'
import { marksOf, type StoredMarks } from './stored-marks.ts'

export const SessionState = { NEW: 0, SIGNING_IN: 1, ONLINE: 2, CLOSED: 3 } as const
export type SessionState = (typeof SessionState)[keyof typeof SessionState]

/** What waits for the ONLINE-ACK: a frame, or what a topic wrote, which is in the form of the session already. */
export interface Held {
  readonly bytes: Buffer
  /** Undefined: a topic wrote it. */
  readonly dataKind: DataKind | undefined
  /** Stored pushes in it: up to this one. */
  mark: StoredMark | undefined
}

/** Frames for one session that its connection did not take. */
export interface Lost {
  readonly fate: Fate
  frames: number
}

interface Waiting {
  readonly held: Held[]
  bytes: number
}

/** Requests that came before the ONLINE was answered: dispatched again afterwards. */
interface Early {
  readonly sayAgain: (() => void)[]
  bytes: number
}

/** Most bytes that a client may send before its ONLINE is answered. */
const EARLY_BYTES_MAX = 262_144
/** Most bytes that wait for its ONLINE-ACK. */
const HELD_BYTES_MAX = 1_048_576

/**
 * One connection and, from ONLINE on, one signed-in device: state only. Output is gathered until the end of the turn and
 * then written at once. Thread: its worker.
 */
export class Session implements Subscriber {
  readonly cid: Cid
  readonly connection: Connection
  state: SessionState = SessionState.NEW
  /** Its ONLINE-ACK was sent, once and for all: what is for it waits no more. */
  isSignedIn = false
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
  /** Messages for it that its connection did not take. */
  dropped = 0
  /** Too many are open: what it says meanwhile waits. */
  isHeld = false
  /** How fast it asks; kept where limits are set. */
  pace: Pace | undefined
  /** When the client connected: microseconds of the clock of all threads (`Clock.instant`). */
  readonly at: number
  /** When it last said something: whole ms of the clock, which take no memory of their own. */
  seenAt: number
  /** How often it has said something. */
  heard = 0
  /** What the device has had of stored pushes; most have had none. */
  stored: StoredMarks | undefined
  /** Its place among all signed-in sessions. */
  readonly presence: Place = new Presence(this)
  rooms: Memberships<Rid> | undefined
  groups: Memberships<Gid> | undefined
  /** Output of this turn, in the form of the session. */
  #output: (Buffer | string)[] | undefined
  /** What came before the ONLINE-ACK could be sent, in its order: it follows that. */
  waiting: Waiting | undefined
  #early: Early | undefined
  #outputBytes = 0
  #pauses = 0
  #seqs: KeptSeqs | undefined
  #lost: Lost | undefined

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
    this.stored?.settle(this)
    this.heard++
  }

  /** Bytes (of JSON: characters) that wait for the end of the turn. */
  get outputBytes(): number {
    return this.#outputBytes
  }

  /** More came before its ONLINE-ACK than may wait for that: something is missing. */
  get isHeldTooMuch(): boolean {
    return this.waiting !== undefined && this.waiting.bytes > HELD_BYTES_MAX
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
    this.#lose(Fate.SLOW, this.#output?.length ?? 0)
    this.#output = undefined
    this.#outputBytes = 0
    this.dropHeld(Fate.SLOW)
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
    if (mark !== undefined) marksOf(this).gathered(mark)
    return this.#gather(this.speaksJson ? toJson(frame, dataKind, this.idsAsText, this.#seqs) : frame)
  }

  /** The same for what a topic wrote while the session was signing in. */
  sendWritten(bytes: Buffer, mark: StoredMark | undefined): boolean {
    if (mark !== undefined) marksOf(this).gathered(mark)
    return this.#gather(this.speaksJson ? bytes.toString() : bytes)
  }

  #gather(message: Buffer | string): boolean {
    this.#outputBytes += message.length
    if (this.#output !== undefined) {
      this.#output.push(message)
      return false
    }
    this.#output = [message]
    return true
  }

  /** Holds it until `takeHeld`: nothing may overtake the ONLINE-ACK. @returns false when too much waits */
  hold(bytes: Buffer, dataKind: DataKind | undefined, mark?: StoredMark): boolean {
    this.waiting ??= { held: [], bytes: 0 }
    this.waiting.bytes += bytes.length
    if (this.isHeldTooMuch) return false
    this.waiting.held.push({ bytes, dataKind, mark })
    if (mark !== undefined) marksOf(this).held(mark)
    return true
  }

  takeHeld(): readonly Held[] {
    const held = this.waiting?.held ?? []
    this.waiting = undefined
    return held
  }

  /** What waits is for nobody any more. */
  dropHeld(fate: Fate = Fate.GONE): void {
    this.stored?.drop()
    for (const { bytes, dataKind } of this.takeHeld()) {
      this.#lose(fate, dataKind === undefined ? messagesIn(bytes, this.speaksJson) : 1)
    }
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

  /** Writes the output of this turn as one message: a client that is behind gets it too. */
  flush(): void {
    const frames = this.#output?.length ?? 0
    const message = this.#takeOutput()
    if (message === undefined) return
    const fate = this.connection.write(message, !this.speaksJson, false)
    if (fate !== Fate.TAKEN) this.#lose(fate, frames)
    this.stored?.flushed(this)
  }

  /** What a topic has for it: behind what the session has gathered itself, and behind the ONLINE-ACK. */
  write(payload: Buffer, mayDrop: boolean): Fate {
    if (!this.isSignedIn) return this.hold(Buffer.from(payload), undefined) ? Fate.TAKEN : Fate.SLOW
    this.flush()
    return this.connection.write(payload, !this.speaksJson, mayDrop)
  }

  /** Writes the output, however much waits for the client, and closes. */
  end(reason: Disconnect): void {
    this.connection.end(reason, this.#takeOutput(), !this.speaksJson)
  }

  missed(messages: number): void {
    this.dropped += messages
  }

  /** @returns frames for it alone that were lost since the last call */
  takeLost(): Lost | undefined {
    const lost = this.#lost
    this.#lost = undefined
    return lost
  }

  /** A connection that does not take one frame does not take the next either, and for the same reason. */
  #lose(fate: Fate, frames: number): void {
    if (frames === 0) return
    this.missed(frames)
    this.#lost ??= { fate, frames: 0 }
    this.#lost.frames += frames
  }

  #takeOutput(): Buffer | string | undefined {
    const output = this.#output
    if (output === undefined) return undefined
    this.#output = undefined
    this.#outputBytes = 0
    if (output.length === 1) return output[0]
    if (this.speaksJson) return output.join('\n')
    return Buffer.concat(output as Buffer[])
  }
}
