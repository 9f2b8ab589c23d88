import { type DataKind, toJson } from '../protocol/json-format.ts'
import type { Clock, Timer } from '../util/clock.ts'
import { GrowingBuffer } from '../util/growing-buffer.ts'
import { emptyTally, type Pending, type Place, type Tally, Topic, type TopicKey } from './topic.ts'

export interface FanoutStats {
  /** A message was handed to a topic of so many members. */
  published(members: number): void
  /** A topic was flushed: one write to each member. */
  flushed(): void
  /** What became of messages since the last call: of each, at each member, once. @param tally valid during the call */
  settled(tally: Tally): void
}

/** A flush is at most about this large: clients get it as one message. */
const FLUSH_BYTES_MAX = 65_536
/** A topic waits this many times as long as its flush took, so sending takes at most a third of the worker's time. */
const HOLD_FACTOR = 2
/** A timer cannot wait for less. A flush this cheap, as in a small room, goes out at the end of every turn. */
const HOLD_MIN_MS = 1
const BUFFERS_KEPT = 64
const LINE_END = '\n'

/**
 * Delivers frames to the members of topics at this worker. All messages of a topic since its last flush go out as one
 * buffer, made once for each format: one write for each member. A quiet topic is flushed at the end of the turn; the next
 * flush comes no earlier than about twice as long after the last one as that one cost, at most `holdMaxMs`: dense traffic
 * is batched, thin traffic never waits. The fuller a flush was, the less waiting gains, and the shorter the wait.
 * Thread: its worker.
 */
export class Fanout {
  readonly #topics = new Map<TopicKey, Topic>()
  readonly #clock: Clock
  readonly #holdMaxMs: number
  readonly #dropsNew: boolean
  readonly #stats: FanoutStats
  readonly #wake: () => void
  readonly #spare: Pending[] = []
  readonly #held = new Set<Topic>()
  readonly #tally = emptyTally()
  #timer: Timer | undefined
  #timerAt = Number.POSITIVE_INFINITY

  /** @param dropsNew whether topics that may drop do so @param wake makes `flush` be called at the end of this turn */
  constructor(clock: Clock, holdMaxMs: number, dropsNew: boolean, stats: FanoutStats, wake: () => void) {
    this.#clock = clock
    this.#holdMaxMs = holdMaxMs
    this.#dropsNew = dropsNew
    this.#stats = stats
    this.#wake = wake
  }

  get topics(): number {
    return this.#topics.size
  }

  /**
   * Puts the place into the topic: its subscriber gets every frame that is published after this call.
   * @param mayDrop whether who is behind may miss some rather than be closed; the same for all members
   */
  join(key: TopicKey, place: Place, mayDrop: boolean): void {
    let topic = this.#topics.get(key)
    if (topic === undefined) {
      topic = new Topic(key, mayDrop && this.#dropsNew)
      this.#topics.set(key, topic)
    }
    topic.add(place)
  }

  /** Takes the place out of its topic, if it is in one. */
  leave(place: Place): void {
    const { topic } = place
    if (topic === undefined) return
    const hadPending = topic.pending !== undefined
    topic.remove(place, this.#tally)
    if (hadPending) this.#settle()
    if (topic.size > 0) return
    this.#topics.delete(topic.key)
    this.#held.delete(topic)
    if (topic.pending !== undefined) this.#release(topic.pending)
    topic.pending = undefined
  }

  /** The same for a push that is stored: what members have had of them is noted when it is written. */
  publishStored(key: TopicKey, frame: Buffer, dataKind: DataKind, msgid: number, endsAt: number): number {
    const topic = this.#topics.get(key)
    if (topic === undefined) return 0
    topic.pending ??= this.#hold(topic)
    topic.pending.stored = msgid
    topic.pending.storedEndsAt = Math.max(topic.pending.storedEndsAt, endsAt)
    return this.publish(key, frame, 0, frame.length, dataKind)
  }

  /** One frame for everybody in the topic; nothing is kept of `source`. @returns members that it goes to */
  publish(key: TopicKey, source: Buffer, start: number, end: number, dataKind: DataKind): number {
    const topic = this.#topics.get(key)
    if (topic === undefined) return 0
    this.#stats.published(topic.size)
    topic.pending ??= this.#hold(topic)
    const { pending } = topic
    if (topic.binarySize > 0) pending.binary.append(source, start, end)
    if (topic.jsonSize > 0) appendLine(pending.json, toJson(source.subarray(start, end), dataKind))
    if (topic.jsonTextIdsSize > 0) appendLine(pending.jsonTextIds, toJson(source.subarray(start, end), dataKind, true))
    pending.messages++
    if (gathered(pending) >= FLUSH_BYTES_MAX) this.#flushTopic(topic, pending, this.#clock.now())
    return topic.size
  }

  /** Flushes the topics that may go now; the rest follows when due. Call at the end of each turn. */
  flush(): void {
    if (this.#held.size === 0) return
    let now = this.#clock.now()
    let nextAt = Number.POSITIVE_INFINITY
    for (const topic of this.#held) {
      if (topic.notBefore > now) nextAt = Math.min(nextAt, topic.notBefore)
      else now = this.#flushTopic(topic, topic.pending!, now)
    }
    if (nextAt < this.#timerAt) this.#wakeAt(nextAt, now)
  }

  close(): void {
    this.#clock.cancel(this.#timer)
  }

  /** One timer for all: for the topic that is due first. */
  #wakeAt(at: number, now: number): void {
    this.#clock.cancel(this.#timer)
    this.#timerAt = at
    this.#timer = this.#clock.after(Math.max(1, Math.ceil(at - now)), this.#onTimer)
  }

  readonly #onTimer = (): void => {
    this.#timerAt = Number.POSITIVE_INFINITY
    this.#wake()
  }

  /** @returns the time when it was done */
  #flushTopic(topic: Topic, pending: Pending, startedAt: number): number {
    const fill = Math.min(1, gathered(pending) / FLUSH_BYTES_MAX)
    topic.pending = undefined
    this.#held.delete(topic)
    topic.deliver(pending, this.#tally)
    this.#release(pending)
    this.#stats.flushed()
    this.#settle()
    const now = this.#clock.now()
    const hold = Math.min(this.#holdMaxMs, (now - startedAt) * HOLD_FACTOR) * (1 - fill)
    topic.notBefore = hold < HOLD_MIN_MS ? now : now + hold
    return now
  }

  #settle(): void {
    this.#stats.settled(this.#tally)
    this.#tally.fill(0)
  }

  #hold(topic: Topic): Pending {
    this.#held.add(topic)
    this.#wake()
    return this.#spare.pop() ?? emptyPending()
  }

  #release(pending: Pending): void {
    pending.binary.clear()
    pending.json.clear()
    pending.jsonTextIds.clear()
    pending.messages = pending.stored = pending.storedEndsAt = 0
    if (this.#spare.length < BUFFERS_KEPT) this.#spare.push(pending)
  }
}

function emptyPending(): Pending {
  return {
    binary: new GrowingBuffer(),
    json: new GrowingBuffer(0),
    jsonTextIds: new GrowingBuffer(0),
    messages: 0,
    stored: 0,
    storedEndsAt: 0,
  }
}

function gathered({ binary, json, jsonTextIds }: Pending): number {
  return binary.length + json.length + jsonTextIds.length
}

function appendLine(to: GrowingBuffer, line: string): void {
  to.appendText(to.length > 0 ? `${LINE_END}${line}` : line)
}
