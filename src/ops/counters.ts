export interface Row {
  readonly kind: 'gauge' | 'counter'
  readonly doc: string
  /** Rows of one metric are told apart by a label. */
  readonly metric?: string
  readonly cause?: string
}

/**
 * The counters of each worker, in shared memory. Each worker has a row and is the only one that writes it; any thread may
 * read it at any time. A value may be a moment old, but it is never torn (an aligned 64-bit float).
 */
export const counterRows = {
  up: { kind: 'gauge', doc: '1 while the worker serves' },
  beat_ms: {
    kind: 'gauge',
    doc: 'Time of the last tick of the worker, in milliseconds of a clock that nobody sets',
  },
  connections_ws: { kind: 'gauge', doc: 'WebSocket connections' },
  connections_tcp: { kind: 'gauge', doc: 'Raw TCP connections' },
  sessions: { kind: 'gauge', doc: 'Signed-in sessions' },
  sessions_ws: { kind: 'gauge', doc: 'Signed-in sessions over WebSocket' },
  sessions_tcp: { kind: 'gauge', doc: 'Signed-in sessions over raw TCP' },
  users: { kind: 'gauge', doc: 'Distinct users online whose home is this worker' },
  rooms: { kind: 'gauge', doc: 'Rooms in memory whose home is this worker' },
  groups: { kind: 'gauge', doc: 'Groups in memory whose home is this worker' },
  stored_pushes: { kind: 'gauge', doc: 'Pushes with expire that are stored at this worker' },
  stored_push_bytes: { kind: 'gauge', doc: 'Bytes of them, with what each takes beside its data' },
  stored_pushes_refused_total: {
    kind: 'counter',
    doc: 'Pushes with expire that were refused because too much was stored',
  },
  idempotency_keys: { kind: 'gauge', doc: 'Idempotency keys that are kept at this worker' },
  idempotency_key_bytes: { kind: 'gauge', doc: 'Bytes of them, with their replies' },
  idempotency_keys_refused_total: {
    kind: 'counter',
    doc: 'Requests with a new idempotency key that were refused because too many were kept',
  },
  topics: { kind: 'gauge', doc: 'Topics with members at this worker' },
  refused_connections_total: {
    kind: 'counter',
    doc: 'Connections refused because there were too many, or because the gateway was stopping',
  },
  messages_in_total: { kind: 'counter', doc: 'Chunks of data received from clients; a chunk may hold several frames' },
  requests_malformed_total: {
    kind: 'counter',
    doc: 'Requests from clients that could not be read, and were answered so',
  },
  http_requests_total: { kind: 'counter', doc: 'HTTP requests answered, probes included' },
  published_total: { kind: 'counter', doc: 'Messages published to topics at this worker' },
  flushes_total: { kind: 'counter', doc: 'Flushes of topics; each is one write to every member' },
  offered_total: {
    kind: 'counter',
    doc: 'Messages of topics times their members: what is not held back is in deliveries or dropped',
  },
  deliveries_total: {
    kind: 'counter',
    doc: 'Deliveries: each message of a topic counts once for each member that took it',
  },
  dropped_behind: dropped('behind'),
  dropped_slow: dropped('slow'),
  dropped_gone: dropped('gone'),
  dropped_lost_worker: dropped('lost_worker'),
  frames_dropped_slow: frameDropped('slow'),
  frames_dropped_gone: frameDropped('gone'),
  frames_dropped_lost_worker: frameDropped('lost_worker'),
  closed_slow_consumer_total: { kind: 'counter', doc: 'Clients disconnected because they read too slowly' },
  closed_silent_total: { kind: 'counter', doc: 'Clients disconnected because they were silent for three heartbeats' },
  closed_login_timeout_total: { kind: 'counter', doc: 'Clients disconnected because they did not sign in in time' },
  closed_bad_frame_total: { kind: 'counter', doc: 'Clients disconnected because they sent a malformed frame' },
  closed_over_limit_total: { kind: 'counter', doc: 'Clients disconnected because they were over a limit' },
  closed_overload_total: { kind: 'counter', doc: 'Clients sent away because the worker was overloaded' },
  closed_bad_token_total: { kind: 'counter', doc: 'Clients disconnected because their token was invalid' },
  closed_expired_token_total: { kind: 'counter', doc: 'Clients disconnected because their token had expired' },
  closed_replaced_total: {
    kind: 'counter',
    doc: 'Clients disconnected because a newer connection took over their session',
  },
  closed_offline_total: { kind: 'counter', doc: 'Clients disconnected because they signed out' },
  closed_shutdown_total: { kind: 'counter', doc: 'Clients disconnected because the gateway was stopping' },
  ring_overflow_total: { kind: 'counter', doc: 'Records that had to wait because a ring was full' },
  paused_total: { kind: 'counter', doc: 'Times that the gateway paused reading from a client because a ring was full' },
  limited_connections_per_ip_total: {
    kind: 'counter',
    doc: 'Connections of clients from an address that had too many (connectionsPerIpMax)',
  },
  limited_connects_per_ip_total: {
    kind: 'counter',
    doc: 'Connects of clients from an address that connects too often (connectsPerIpPerSecond)',
  },
  limited_bad_sign_ins_per_ip_total: {
    kind: 'counter',
    doc: 'Sign-ins from an address after too many bad ones (badSignInsPerIpPerMinute)',
  },
  limited_sessions_per_uid_total: {
    kind: 'counter',
    doc: 'Sign-ins of users with too many sessions (sessionsPerUidMax)',
  },
  limited_groups_per_user_total: {
    kind: 'counter',
    doc: 'Groups that clients would have made or joined over groupsPerUserMax',
  },
  limited_relations_per_user_total: {
    kind: 'counter',
    doc: 'Users whom somebody would have blocked or muted over relationsPerUserMax',
  },
  limited_creations_per_user_total: {
    kind: 'counter',
    doc: 'Rooms and groups that clients would have made over creationsPerUserPerMinute',
  },
  limited_requests_total: { kind: 'counter', doc: 'Requests of sessions over requestsPerSecond' },
  limited_request_bytes_total: {
    kind: 'counter',
    doc: 'Requests of sessions over requestBytesPerSecond, and pauses in reading for it',
  },
  limited_http_requests_per_key_total: { kind: 'counter', doc: 'HTTP requests over httpRequestsPerKeyPerSecond' },
  overload_level: {
    kind: 'gauge',
    doc: 'How overloaded the worker is: 1 sheds new connections, 2 joins too, 3 messages of level 0 too',
  },
  shed_connections_total: {
    kind: 'counter',
    doc: 'Connections, sign-ins and calls of register and iplist refused because of overload',
  },
  shed_joins_total: {
    kind: 'counter',
    doc: 'Joins of rooms and groups, and new ones, refused because of overload',
  },
  shed_messages_total: { kind: 'counter', doc: 'Chats of level 0 refused because of overload' },
  event_loop_utilization: { kind: 'gauge', doc: 'Share of the last second that the worker was busy, 0..1' },
} as const satisfies Record<string, Row>

function dropped(cause: string) {
  return {
    kind: 'counter',
    metric: 'dropped_total',
    cause,
    doc:
      'Deliveries that were not made: the client is behind and misses them (behind), is being disconnected as too slow ' +
      '(slow), has left (gone), or their worker was lost (lost_worker)',
  } as const
}

function frameDropped(cause: string) {
  return {
    kind: 'counter',
    metric: 'frames_dropped_total',
    cause,
    doc: 'Frames for one session (acks, private chats, pushes to a user) that were not written, and chats on their way, by cause',
  } as const
}

export type CounterName = keyof typeof counterRows
export const counterNames = Object.keys(counterRows) as CounterName[]
const indexOf = Object.fromEntries(counterNames.map((name, index) => [name, index])) as Record<CounterName, number>

const CACHE_LINE_WORDS = 8
/** Words in a row: a multiple of a cache line. */
const ROW_WORDS = Math.ceil(counterNames.length / CACHE_LINE_WORDS) * CACHE_LINE_WORDS

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

  /** The worker ended: its gauges drop to 0, its totals stay. */
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
