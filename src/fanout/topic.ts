import { FATES, Fate } from '../protocol/fate.ts'
import type { GrowingBuffer } from '../util/growing-buffer.ts'

/** WS_JSON_TEXT_IDS: JSON whose ids are decimal text. */
export const Carrier = { WS_BINARY: 0, WS_JSON: 1, TCP: 2, WS_JSON_TEXT_IDS: 3 } as const
export type Carrier = (typeof Carrier)[keyof typeof Carrier]

/** A member of a topic as the fan-out sees it. */
export interface Subscriber {
  /** How to reach it, and so in which form. */
  readonly carrier: Carrier
  /**
   * Writes whole frames, or lines of JSON.
   * @param payload raw TCP may keep it until the client has read
   * @param mayDrop a client that is behind rather misses it than be closed
   */
  write(payload: Buffer, mayDrop: boolean): Fate
  /** So many messages for it were not taken. */
  missed(messages: number): void
}

/** What became of messages, each counted once for each member: by their fate. */
export type Tally = Float64Array

export function emptyTally(): Tally {
  return new Float64Array(FATES)
}

/** Where a subscriber stands in a topic: enough to take it out again. */
export class Place {
  readonly subscriber: Subscriber
  /** How the subscriber was reached when it came in. */
  carrier: Carrier = Carrier.WS_BINARY
  /** Absent while the place is in no topic. */
  topic: Topic | undefined
  /** Index in the list of its carrier; NOWHERE while it waits for the next flush to be let in. */
  at = NOWHERE

  constructor(subscriber: Subscriber) {
    this.subscriber = subscriber
  }

  /** The subscriber was written all stored pushes there up to this one. */
  wrote(_msgid: number, _endsAt: number): void {}
}

const NOWHERE = -1

/** A member that joined while messages from before it were held back: it gets only what comes after. */
interface Joiner {
  readonly place: Place
  /** How much was gathered before it, in its form. */
  readonly at: number
  /** How many messages that was. */
  readonly messages: number
  /** The last stored push before it. */
  readonly stored: number
}

/** What a topic gathers until its flush, in each form that a member wants: binary frames back to back, JSON messages one a line. */
export interface Pending {
  readonly binary: GrowingBuffer
  readonly json: GrowingBuffer
  readonly jsonTextIds: GrowingBuffer
  messages: number
  /** The last stored push in it, and when the last of those ends; 0: there is none. */
  stored: number
  storedEndsAt: number
}

export type TopicKey = number | string

/** One topic at one worker: the members there and what is gathered for them since the last flush. State only. */
export class Topic {
  readonly key: TopicKey
  /** Members that are behind rather miss messages than be closed. */
  readonly mayDrop: boolean
  /** Members, including joiners. */
  size = 0
  /** Those of them that get JSON, those that get it with ids as text, and those over raw TCP. */
  jsonSize = 0
  jsonTextIdsSize = 0
  tcpSize = 0
  /** Earliest time of the next flush, in ms of the clock. */
  notBefore = 0
  pending: Pending | undefined
  readonly #lists: [Place[], Place[], Place[], Place[]] = [NONE, NONE, NONE, NONE]
  #joiners: Joiner[] = NO_JOINERS

  constructor(key: TopicKey, mayDrop: boolean) {
    this.key = key
    this.mayDrop = mayDrop
  }

  get binarySize(): number {
    return this.size - this.jsonSize - this.jsonTextIdsSize
  }

  add(place: Place): void {
    place.topic = this
    place.carrier = place.subscriber.carrier
    this.#count(place, 1)
    if (this.pending === undefined) this.#seat(place)
    else {
      const { pending } = this
      const { messages, stored } = pending
      const joiner = { place, at: gatheredFor(place, pending).length, messages, stored }
      this.#joiners = [...this.#joiners, joiner]
    }
  }

  /** Takes a member out; it still gets what was published while it was in. @param tally gets what became of that */
  remove(place: Place, tally: Tally): void {
    place.topic = undefined
    this.#count(place, -1)
    if (place.at === NOWHERE) {
      const joiner = this.#joiners.find(one => one.place === place)
      this.#joiners = this.#joiners.filter(one => one !== joiner)
      this.#handOver(place, joiner, tally)
      return
    }
    this.#handOver(place, undefined, tally)
    // The last one takes the place.
    const list = this.#lists[place.carrier]
    const last = list.pop()!
    if (last !== place) {
      list[place.at] = last
      last.at = place.at
    }
    place.at = NOWHERE
  }

  /** Writes what was gathered to every member. @param tally gets what became of it, member by member */
  deliver(pending: Pending, tally: Tally): void {
    const { binary, json, jsonTextIds } = pending
    if (binary.length > 0) {
      // A WebSocket copies what it cannot send at once; a raw TCP socket keeps the memory, which must not be used again.
      const bytes = this.tcpSize > 0 ? binary.take() : binary.view()
      this.#writeAll(Carrier.WS_BINARY, bytes, pending, tally)
      this.#writeAll(Carrier.TCP, bytes, pending, tally)
      this.#deliverToJoiners(bytes, pending, isBinary, tally)
    }
    if (json.length > 0) {
      const text = json.view()
      this.#writeAll(Carrier.WS_JSON, text, pending, tally)
      this.#deliverToJoiners(text, pending, carrier => carrier === Carrier.WS_JSON, tally)
    }
    if (jsonTextIds.length > 0) {
      const text = jsonTextIds.view()
      this.#writeAll(Carrier.WS_JSON_TEXT_IDS, text, pending, tally)
      this.#deliverToJoiners(text, pending, carrier => carrier === Carrier.WS_JSON_TEXT_IDS, tally)
    }
    for (const { place } of this.#joiners) this.#seat(place)
    this.#joiners = NO_JOINERS
  }

  /** The hot loop: one system call per member. No member joins or leaves while it runs: a slow one is closed in a later turn. */
  #writeAll(carrier: Carrier, payload: Buffer, pending: Pending, tally: Tally): void {
    const places = this.#lists[carrier]
    for (let i = 0; i < places.length; i++) this.#write(places[i]!, payload, pending, undefined, tally)
  }

  #deliverToJoiners(payload: Buffer, pending: Pending, takesForm: (carrier: Carrier) => boolean, tally: Tally): void {
    for (const joiner of this.#joiners) {
      const { place, at } = joiner
      if (!takesForm(place.carrier)) continue
      const start = startBehind(place, at)
      if (start < payload.length) this.#write(place, payload.subarray(start), pending, joiner, tally)
    }
  }

  #handOver(place: Place, joiner: Joiner | undefined, tally: Tally): void {
    if (this.pending === undefined) return
    const start = startBehind(place, joiner?.at ?? 0)
    const gathered = gatheredFor(place, this.pending).view()
    if (start >= gathered.length) return
    this.#write(place, Buffer.from(gathered.subarray(start)), this.pending, joiner, tally)
  }

  /** @param joiner who came when a part was gathered already */
  #write(place: Place, payload: Buffer, pending: Pending, joiner: Joiner | undefined, tally: Tally): void {
    const { subscriber } = place
    const messages = joiner === undefined ? pending.messages : pending.messages - joiner.messages
    const fate = subscriber.write(payload, this.mayDrop)
    tally[fate]! += messages
    if (fate !== Fate.TAKEN) subscriber.missed(messages)
    else if (pending.stored > (joiner?.stored ?? 0)) place.wrote(pending.stored, pending.storedEndsAt)
  }

  #seat(place: Place): void {
    const { carrier } = place
    if (this.#lists[carrier] === NONE) this.#lists[carrier] = [place]
    else this.#lists[carrier].push(place)
    place.at = this.#lists[carrier].length - 1
  }

  #count({ carrier }: Place, step: 1 | -1): void {
    this.size += step
    if (carrier === Carrier.WS_JSON) this.jsonSize += step
    else if (carrier === Carrier.WS_JSON_TEXT_IDS) this.jsonTextIdsSize += step
    else if (carrier === Carrier.TCP) this.tcpSize += step
  }
}

/** Most topics have members of one carrier: the lists of the others are this one, which stays empty. */
const NONE = Object.freeze([]) as unknown as Place[]
const NO_JOINERS = Object.freeze([]) as unknown as Joiner[]

function isBinary(carrier: Carrier): boolean {
  return carrier === Carrier.WS_BINARY || carrier === Carrier.TCP
}

/** The form that the place gets. */
function gatheredFor({ carrier }: Place, { binary, json, jsonTextIds }: Pending): GrowingBuffer {
  if (isBinary(carrier)) return binary
  return carrier === Carrier.WS_JSON ? json : jsonTextIds
}

/** Where the next message begins in what was so long: in JSON behind the line end that is put between two. */
function startBehind({ carrier }: Place, length: number): number {
  return isBinary(carrier) || length === 0 ? length : length + 1
}
