/**
 * Why a connection is closed: the WebSocket close code (4000-4499: reconnect, 4500-4999: do not) and the contents of the
 * KICK frame before it. A raw TCP client gets only the KICK.
 */
export interface Disconnect {
  /** Part of the counter's name: `closed_CAUSE_total`. */
  readonly cause: string
  readonly closeCode: number
  readonly errorCode: number
  readonly text: string
}

export const Disconnect = {
  SHUTDOWN: { cause: 'shutdown', closeCode: 4000, errorCode: 10002, text: 'the gateway is shutting down' },
  SLOW_CONSUMER: { cause: 'slow_consumer', closeCode: 4001, errorCode: 10009, text: 'the client reads too slowly' },
  SILENT: { cause: 'silent', closeCode: 4002, errorCode: 20008, text: 'nothing received for three heartbeats' },
  LOGIN_TIMEOUT: { cause: 'login_timeout', closeCode: 4003, errorCode: 20008, text: 'did not sign in in time' },
  EXPIRED_TOKEN: {
    cause: 'expired_token',
    closeCode: 4004,
    errorCode: 20012,
    text: 'token expired: fetch a new one and sign in again',
  },
  OVER_LIMIT: {
    cause: 'over_limit',
    closeCode: 4005,
    errorCode: 10009,
    text: 'over a limit: more than 256 KiB before ONLINE was answered',
  },
  OVER_RATE: {
    cause: 'over_limit',
    closeCode: 4005,
    errorCode: 10024,
    text: 'over a limit: more requests than allowed for ten seconds',
  },
  BAD_SIGN_INS: {
    cause: 'over_limit',
    closeCode: 4005,
    errorCode: 10022,
    text: 'over a limit: too many bad sign-ins from this address',
  },
  OFFLINE: { cause: 'offline', closeCode: 1000, errorCode: 0, text: 'signed out' },
  OVERLOAD: { cause: 'overload', closeCode: 4007, errorCode: 10009, text: 'the gateway is overloaded' },
  BAD_FRAME: { cause: 'bad_frame', closeCode: 4500, errorCode: 20010, text: 'bad frame' },
  BAD_TOKEN: { cause: 'bad_token', closeCode: 4501, errorCode: 20012, text: 'bad token' },
  REPLACED: { cause: 'replaced', closeCode: 4502, errorCode: 20009, text: 'replaced by a newer connection' },
} as const satisfies Record<string, Disconnect>

/** The causes for which the gateway closes connections. */
export type DisconnectCause = (typeof Disconnect)[keyof typeof Disconnect]['cause']

/** Whether the client may come back with the same sid. */
export function mayReconnect(reason: Disconnect): boolean {
  return reason.closeCode < 4500
}

/**
 * Connections that end without a KICK. A WebSocket client sees close code 1006 (no close frame),
 * unless the row says otherwise. docs/protocol.md shows these sentences.
 */
export const unannounced: readonly { readonly when: string; readonly seen: string }[] = [
  { when: 'The client signs out with OFFLINE.', seen: 'OFFLINE-ACK, then close code 1000' },
  {
    when: 'A WebSocket message is longer than both 256 KiB and one frame of `frameBytesMax`.',
    seen: '1006, from the WebSocket engine',
  },
  { when: 'A WebSocket text message is not valid UTF-8.', seen: '1006, from the WebSocket engine' },
  {
    when: 'A WebSocket frame has a reserved bit or opcode.',
    seen: '1006, from the WebSocket engine',
  },
  {
    when: 'The client sends a WebSocket frame without a mask.',
    seen: 'The engine closes with 1006 or ignores the frame; if it is ignored, nothing answers and 4003 or 4002 follows.',
  },
  {
    when: 'The gateway already has `connectionsMax` clients, or is shutting down.',
    seen: 'HTTP status 503 with Retry-After instead of the upgrade; raw TCP, and WebSocket when no place is left: the end.',
  },
  {
    when: 'The address connects more often, or has more connections, than `connectsPerIpPerSecond` and `connectionsPerIpMax` allow.',
    seen: 'HTTP status 429 with Retry-After and code 10022 instead of the upgrade; over raw TCP the end of the stream',
  },
  { when: 'A worker or the gateway fails.', seen: '1006; over raw TCP a reset or the end of the stream' },
]
