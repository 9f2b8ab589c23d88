import type { GrowingBuffer } from '../util/growing-buffer.ts'

/** WS_JSON_TEXT_IDS: JSON whose ids are decimal text. */
export const Carrier = { WS_BINARY: 0, WS_JSON: 1, TCP: 2, WS_JSON_TEXT_IDS: 3 } as const
export type Carrier = (typeof Carrier)[keyof typeof Carrier]

/** A member of a topic as the fan-out sees it. */
export interface Subscriber {
  /** How to reach it, and so in which form. */
  readonly carrier: Carrier
  /**
   * Writes whole frames, or lines of JSON. @returns false when it was not taken: too much waits for this client already.
   * @param payload raw TCP may keep it until the client has read
   */
  write(payload: Buffer): boolean
  /** It was written all stored pushes up to this one; `place` is where. */
  wrote?(place: Place, msgid: number, endsAt: number): void
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
}

const NOWHERE = -1

/** A member that joined while messages from before it were held back: it gets only what comes after. */
interface Joiner {
  readonly place: Place
  /** How much was gathered before it, in its form. */
  readonly at: number
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

  constructor(key: TopicKey) {
    this.key = key
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
      const { stored } = this.pending
      this.#joiners = [...this.#joiners, { place, at: gatheredFor(place, this.pending).length, stored }]
    }
  }

  /** Takes a member out; it still gets what was published while it was in. */
  remove(place: Place): void {
    place.topic = undefined
    this.#count(place, -1)
    if (place.at === NOWHERE) {
      const joiner = this.#joiners.find(one => one.place === place)
      this.#joiners = this.#joiners.filter(one => one !== joiner)
      this.#handOver(place, joiner?.at ?? 0, joiner?.stored ?? 0)
      return
    }
    this.#handOver(place, 0, 0)
    // The last one takes the place.
    const list = this.#lists[place.carrier]
    const last = list.pop()!
    if (last !== place) {
      list[place.at] = last
      last.at = place.at
    }
    place.at = NOWHERE
  }

  /** Writes what was gathered to every member. @returns how many of them did not take it */
  deliver(pending: Pending): number {
    const { binary, json, jsonTextIds } = pending
    let refusals = 0
    if (binary.length > 0) {
      // A WebSocket copies what it cannot send at once; a raw TCP socket keeps the memory, which must not be used again.
      const bytes = this.tcpSize > 0 ? binary.take() : binary.view()
      refusals += writeAll(this.#lists[Carrier.WS_BINARY], bytes, pending)
      refusals += writeAll(this.#lists[Carrier.TCP], bytes, pending)
      refusals += this.#deliverToJoiners(bytes, isBinary, pending)
    }
    if (json.length > 0) {
      const text = json.view()
      refusals += writeAll(this.#lists[Carrier.WS_JSON], text, pending)
      refusals += this.#deliverToJoiners(text, carrier => carrier === Carrier.WS_JSON, pending)
    }
    if (jsonTextIds.length > 0) {
      const text = jsonTextIds.view()
      refusals += writeAll(this.#lists[Carrier.WS_JSON_TEXT_IDS], text, pending)
      refusals += this.#deliverToJoiners(text, carrier => carrier === Carrier.WS_JSON_TEXT_IDS, pending)
    }
    for (const { place } of this.#joiners) this.#seat(place)
    this.#joiners = NO_JOINERS
    return refusals
  }

  #deliverToJoiners(payload: Buffer, takesForm: (carrier: Carrier) => boolean, pending: Pending): number {
    let refusals = 0
    for (const { place, at, stored } of this.#joiners) {
      if (!takesForm(place.carrier)) continue
      const start = startBehind(place, at)
      if (start >= payload.length) continue
      if (!place.subscriber.write(payload.subarray(start))) refusals++
      else if (pending.stored > stored) wrote(place, pending)
    }
    return refusals
  }

  #handOver(place: Place, at: number, stored: number): void {
    if (this.pending === undefined) return
    const start = startBehind(place, at)
    const gathered = gatheredFor(place, this.pending).view()
    if (start >= gathered.length || !place.subscriber.write(Buffer.from(gathered.subarray(start)))) return
    if (this.pending.stored > stored) wrote(place, this.pending)
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

/** The hot loop: one system call per member. No member joins or leaves while it runs: a slow one is closed in a later turn. */
function writeAll(places: readonly Place[], payload: Buffer, pending: Pending): number {
  if (pending.stored > 0) return writeAllStored(places, payload, pending)
  let refusals = 0
  for (let i = 0; i < places.length; i++) if (!places[i]!.subscriber.write(payload)) refusals++
  return refusals
}

/** The same when stored pushes are in it. */
function writeAllStored(places: readonly Place[], payload: Buffer, pending: Pending): number {
  let refusals = 0
  for (const place of places) {
    if (!place.subscriber.write(payload)) refusals++
    else wrote(place, pending)
  }
  return refusals
}

function wrote(place: Place, { stored, storedEndsAt }: Pending): void {
  place.subscriber.wrote?.(place, stored, storedEndsAt)
}

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
