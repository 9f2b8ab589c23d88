/**
 * What each worker counts, in shared memory: one row a worker, written by that worker alone, read by anybody at any time.
 * A value read may be a moment old; it is never torn (an aligned 64-bit float).
 */
export const counterRows = {
  up: { kind: 'gauge', doc: '1 while the worker serves' },
  beat_ms: {
    kind: 'gauge',
    doc: 'When the worker last took a turn, milliseconds of the monotonic clock of the machine',
  },
  connections_ws: { kind: 'gauge', doc: 'WebSocket connections' },
  connections_tcp: { kind: 'gauge', doc: 'Raw TCP connections' },
  sessions: { kind: 'gauge', doc: 'Signed-in sessions' },
  sessions_ws: { kind: 'gauge', doc: 'Signed-in sessions over WebSocket' },
  sessions_tcp: { kind: 'gauge', doc: 'Signed-in sessions over raw TCP' },
  users: { kind: 'gauge', doc: 'Distinct users online that this worker owns' },
  rooms: { kind: 'gauge', doc: 'Rooms in memory that this worker owns' },
  groups: { kind: 'gauge', doc: 'Groups in memory that this worker owns' },
  topics: { kind: 'gauge', doc: 'Topics with members at this worker' },
  refused_connections_total: { kind: 'counter', doc: 'Connections refused because there were too many' },
  messages_in_total: { kind: 'counter', doc: 'Chunks of frames or texts that clients sent' },
  http_requests_total: { kind: 'counter', doc: 'HTTP requests answered' },
  published_total: { kind: 'counter', doc: 'Messages handed to topics at this worker' },
  flushes_total: { kind: 'counter', doc: 'Flushes of topics: each is one write to every member' },
  deliveries_total: { kind: 'counter', doc: 'Messages of topics times the members that took them' },
  dropped_total: {
    kind: 'counter',
    doc: 'The same for members that did not: too much waits for them, and they are being closed',
  },
  closed_slow_consumer_total: { kind: 'counter', doc: 'Clients closed because they read too slowly' },
  closed_silent_total: { kind: 'counter', doc: 'Clients closed because they were silent' },
  closed_login_timeout_total: { kind: 'counter', doc: 'Clients closed because they did not sign in in time' },
  closed_bad_frame_total: { kind: 'counter', doc: 'Clients closed because what they said makes no sense' },
  closed_bad_token_total: { kind: 'counter', doc: 'Clients closed because their token is bad' },
  closed_expired_token_total: { kind: 'counter', doc: 'Clients closed because their token has expired' },
  closed_replaced_total: { kind: 'counter', doc: 'Clients closed because a newer connection took over their session' },
  closed_offline_total: { kind: 'counter', doc: 'Clients closed because they signed out' },
  closed_shutdown_total: { kind: 'counter', doc: 'Clients closed because the gateway stops' },
  ring_overflow_total: { kind: 'counter', doc: 'Records that found a ring full and waited' },
  paused_total: { kind: 'counter', doc: 'Clients that were not read from for a while because a ring was full' },
  event_loop_utilization: { kind: 'gauge', doc: 'Share of the last second that the worker was busy, 0..1' },
} as const

export type CounterName = keyof typeof counterRows
export const counterNames = Object.keys(counterRows) as CounterName[]
const indexOf = Object.fromEntries(counterNames.map((name, index) => [name, index])) as Record<CounterName, number>

/** A row is a multiple of a cache line. */
const ROW_WORDS = 32

export function createCounters(workers: number): SharedArrayBuffer {
  return new SharedArrayBuffer(workers * ROW_WORDS * 8)
}

export class Counters {
  readonly #words: Float64Array
  readonly #workers: number

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Float64Array(memory)
    this.#workers = this.#words.length / ROW_WORDS
  }

  get workers(): number {
    return this.#workers
  }

  get(worker: number, name: CounterName): number {
    return this.#words[worker * ROW_WORDS + indexOf[name]]!
  }

  sum(name: CounterName): number {
    let sum = 0
    for (let worker = 0; worker < this.#workers; worker++) sum += this.get(worker, name)
    return sum
  }

  /** The row of one worker, for that worker to write. */
  row(worker: number): CounterRow {
    return new CounterRow(this.#words.subarray(worker * ROW_WORDS, (worker + 1) * ROW_WORDS))
  }

  /** The worker ended: what it had at the moment is gone, what it counted stays. */
  clearGauges(worker: number): void {
    for (const name of counterNames) {
      if (counterRows[name].kind === 'gauge') this.#words[worker * ROW_WORDS + indexOf[name]] = 0
    }
  }
}

export class CounterRow {
  readonly #words: Float64Array

  constructor(words: Float64Array) {
    this.#words = words
  }

  set(name: CounterName, value: number): void {
    this.#words[indexOf[name]] = value
  }

  add(name: CounterName, count: number): void {
    this.#words[indexOf[name]]! += count
  }
}
