import type { GrowingBuffer } from '../util/growing-buffer.ts'

/** A member of a topic as the fan-out sees it. */
export interface Subscriber {
  /** What it gets: binary or JSON over the App's publish, or a write of its own (raw TCP). */
  readonly carrier: Carrier
  write(payload: Buffer | string): void
  subscribe(name: string): void
  unsubscribe(name: string): void
}

export const Carrier = { WS_BINARY: 0, WS_JSON: 1, TCP: 2 } as const
export type Carrier = (typeof Carrier)[keyof typeof Carrier]

/** A member that joined while messages from before it were still held back: it gets only what comes after. */
interface Joiner {
  readonly subscriber: Subscriber
  readonly binaryAt: number
  readonly jsonAt: number
}

/**
 * One topic at one worker: the members there and what is gathered for them since the last flush.
 * `key` is unique in the process: the owner's number for the topic, and which worker that owner is.
 */
export class Topic {
  readonly key: number
  readonly name: string
  readonly tcp = new Set<Subscriber>()
  wsBinary = 0
  wsJson = 0
  /** Raw TCP members; those who have only just joined are not yet in `tcp`. */
  tcpSize = 0
  /** Earliest time of the next flush, in ms of performance.now(). */
  notBefore = 0
  pending: Pending | undefined
  joiners: Joiner[] = []

  constructor(key: number) {
    this.key = key
    this.name = key.toString(36)
  }

  get size(): number {
    return this.wsBinary + this.wsJson + this.tcpSize
  }

  get isEmpty(): boolean {
    return this.size === 0
  }

  add(subscriber: Subscriber): void {
    this.#count(subscriber, 1)
    if (this.pending === undefined) this.#subscribe(subscriber)
    else {
      const { binary, json } = this.pending
      this.joiners.push({ subscriber, binaryAt: binary.length, jsonAt: json.length })
    }
  }

  remove(subscriber: Subscriber): void {
    this.#count(subscriber, -1)
    const joining = this.joiners.findIndex(joiner => joiner.subscriber === subscriber)
    this.#handOver(subscriber, this.joiners[joining])
    if (joining >= 0) this.joiners.splice(joining, 1)
    else if (subscriber.carrier === Carrier.TCP) this.tcp.delete(subscriber)
    else subscriber.unsubscribe(this.nameFor(subscriber.carrier))
  }

  /** Who leaves gets what was published while it was here. */
  #handOver(subscriber: Subscriber, joiner: Joiner | undefined): void {
    if (this.pending === undefined) return
    const { binary, json } = this.pending
    this.#writePart(subscriber, Buffer.from(binary.view()), json, joiner?.binaryAt ?? 0, joiner?.jsonAt ?? 0)
  }

  #writePart(subscriber: Subscriber, binary: Buffer, json: string, binaryAt: number, jsonAt: number): void {
    if (subscriber.carrier === Carrier.WS_JSON) {
      if (jsonAt < json.length) subscriber.write(jsonAt === 0 ? json : json.slice(jsonAt + 1))
    } else if (binaryAt < binary.length) subscriber.write(binary.subarray(binaryAt))
  }

  /** Those who joined since the last flush get their part of it, and from now on all. */
  admitJoiners(binary: Buffer, json: string): void {
    const joiners = this.joiners
    this.joiners = []
    for (const { subscriber, binaryAt, jsonAt } of joiners) {
      this.#writePart(subscriber, binary, json, binaryAt, jsonAt)
      this.#subscribe(subscriber)
    }
  }

  nameFor(carrier: Carrier): string {
    return carrier === Carrier.WS_JSON ? `${this.name}j` : this.name
  }

  #subscribe(subscriber: Subscriber): void {
    if (subscriber.carrier === Carrier.TCP) this.tcp.add(subscriber)
    else subscriber.subscribe(this.nameFor(subscriber.carrier))
  }

  #count(subscriber: Subscriber, step: 1 | -1): void {
    if (subscriber.carrier === Carrier.WS_BINARY) this.wsBinary += step
    else if (subscriber.carrier === Carrier.WS_JSON) this.wsJson += step
    else this.tcpSize += step
  }
}

/** What a topic gathers until its flush: binary frames back to back, JSON messages one a line. */
export interface Pending {
  readonly binary: GrowingBuffer
  json: string
  messages: number
}
