import { type DataKind, toJson } from '../protocol/json-format.ts'
import { GrowingBuffer } from '../util/growing-buffer.ts'
import { Carrier, type Pending, type Subscriber, Topic } from './topic.ts'

/** Delivers to the WebSocket members of a name; the App of the worker. */
export interface Publisher {
  publish(name: string, payload: Buffer | string, isBinary: boolean): void
}

export interface FanoutStats {
  /** Messages handed to topics. */
  published(messages: number): void
  /** Messages times members that they went to, and the flushes that carried them. */
  flushed(deliveries: number): void
}

/** A flush is no larger than about this: clients have to take it as one message. */
const FLUSH_BYTES_MAX = 65_536

/**
 * Delivers frames to the members of topics at this worker. All messages of a topic since its last flush go out as one
 * buffer: one publish for all WebSocket members of a format, one write for each TCP member. A quiet topic is flushed at
 * the end of the turn; the next flush comes no earlier than about as long after the last one as that one cost, at most
 * `holdMaxMs`: dense traffic gathers, thin traffic never waits. Thread: its worker.
 */
export class Fanout {
  readonly #topics = new Map<number, Topic>()
  readonly #publisher: Publisher
  readonly #holdMaxMs: number
  readonly #stats: FanoutStats
  readonly #wake: () => void
  readonly #buffers: GrowingBuffer[] = []
  #held = new Set<Topic>()
  #timer: NodeJS.Timeout | undefined
  /** Topics flushed in this turn: what that costs is known in the next one. */
  #flushed: Topic[] = []

  /** @param wake makes `flush` be called at the end of this turn */
  constructor(publisher: Publisher, holdMaxMs: number, stats: FanoutStats, wake: () => void) {
    this.#publisher = publisher
    this.#holdMaxMs = holdMaxMs
    this.#stats = stats
    this.#wake = wake
  }

  get topics(): number {
    return this.#topics.size
  }

  /** Adds the subscriber to the topic: it gets every frame that is published after this call. */
  join(key: number, subscriber: Subscriber): Topic {
    let topic = this.#topics.get(key)
    if (topic === undefined) {
      topic = new Topic(key)
      this.#topics.set(key, topic)
    }
    topic.add(subscriber)
    return topic
  }

  leave(topic: Topic, subscriber: Subscriber): void {
    topic.remove(subscriber)
    if (!topic.isEmpty || this.#topics.get(topic.key) !== topic) return
    this.#topics.delete(topic.key)
    this.#held.delete(topic)
    if (topic.pending !== undefined) this.#release(topic.pending)
    topic.pending = undefined
  }

  get(key: number): Topic | undefined {
    return this.#topics.get(key)
  }

  /** One frame for everybody in the topic; nothing is kept of `source`. */
  publish(key: number, source: Buffer, start: number, end: number, dataKind: DataKind): void {
    const topic = this.#topics.get(key)
    if (topic === undefined) return
    this.#stats.published(1)
    topic.pending ??= this.#pending(topic)
    const { pending } = topic
    if (topic.wsBinary + topic.tcpSize > 0) pending.binary.append(source, start, end)
    if (topic.wsJson > 0)
      pending.json += (pending.json === '' ? '' : '\n') + toJson(source.subarray(start, end), dataKind)
    pending.messages++
    if (pending.binary.length + pending.json.length >= FLUSH_BYTES_MAX) this.#flushTopic(topic)
  }

  /** Flushes what may go now; the rest goes when its time has come. Call at the end of each turn. */
  flush(): void {
    if (this.#held.size === 0) return
    const now = performance.now()
    let nextAt = Number.POSITIVE_INFINITY
    for (const topic of this.#held) {
      if (topic.notBefore > now) nextAt = Math.min(nextAt, topic.notBefore)
      else {
        this.#flushTopic(topic)
      }
    }
    if (this.#flushed.length > 0) this.#measure(now)
    if (nextAt < Number.MAX_VALUE && this.#timer === undefined) {
      this.#timer = setTimeout(this.#onTimer, Math.max(1, Math.ceil(nextAt - now)))
    }
  }

  /** The native loop writes after this turn and before the next: what passes until then is what the flushes cost. */
  #measure(startedAt: number): void {
    const topics = this.#flushed
    this.#flushed = []
    setImmediate(() => {
      const now = performance.now()
      const notBefore = now + Math.min(this.#holdMaxMs, now - startedAt)
      for (const topic of topics) topic.notBefore = notBefore
      if (this.#held.size > 0) this.#wake()
    })
  }

  close(): void {
    clearTimeout(this.#timer)
  }

  readonly #onTimer = (): void => {
    this.#timer = undefined
    this.#wake()
  }

  #flushTopic(topic: Topic): void {
    const { pending } = topic
    if (pending === undefined) return
    topic.pending = undefined
    this.#held.delete(topic)
    // Memory that a socket may keep until the client has read must not be used again.
    const binary = topic.tcp.size + topic.joiners.length > 0 ? pending.binary.take() : pending.binary.view()
    if (topic.wsBinary > 0 && binary.length > 0) this.#publisher.publish(topic.name, binary, true)
    if (topic.wsJson > 0 && pending.json !== '') {
      this.#publisher.publish(topic.nameFor(Carrier.WS_JSON), pending.json, false)
    }
    for (const subscriber of topic.tcp) subscriber.write(binary)
    if (topic.joiners.length > 0) topic.admitJoiners(binary, pending.json)
    this.#release(pending)
    topic.notBefore = Number.MAX_VALUE
    this.#flushed.push(topic)
    this.#stats.flushed(topic.size * pending.messages)
  }

  #pending(topic: Topic): Pending {
    this.#held.add(topic)
    this.#wake()
    return { binary: this.#buffers.pop() ?? new GrowingBuffer(4096), json: '', messages: 0 }
  }

  #release(pending: Pending): void {
    const buffer = pending.binary
    buffer.clear()
    if (this.#buffers.length < 64) this.#buffers.push(buffer)
  }
}
