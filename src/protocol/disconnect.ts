/**
 * Why a connection is closed: the WebSocket close code (4000-4499: reconnect, 4500-4999: do not) and what a KICK frame
 * says before it, which is all that a raw TCP client learns.
 */
export interface Disconnect {
  /** The cause, as it is counted. */
  readonly cause: string
  readonly closeCode: number
  readonly errorCode: number
  readonly text: string
}

export const Disconnect = {
  SHUTDOWN: { cause: 'shutdown', closeCode: 4000, errorCode: 10002, text: 'the gateway is shutting down' },
  SLOW_CONSUMER: { cause: 'slow_consumer', closeCode: 4001, errorCode: 10009, text: 'reads too slowly' },
  SILENT: { cause: 'silent', closeCode: 4002, errorCode: 20008, text: 'silent for too long' },
  LOGIN_TIMEOUT: { cause: 'login_timeout', closeCode: 4003, errorCode: 20008, text: 'did not sign in in time' },
  EXPIRED_TOKEN: {
    cause: 'expired_token',
    closeCode: 4004,
    errorCode: 20012,
    text: 'token expired: fetch a new one first',
  },
  OFFLINE: { cause: 'offline', closeCode: 1000, errorCode: 0, text: 'signed out' },
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
 * The ends that no KICK announces. A WebSocket client sees close code 1006 (no close frame came),
 * unless the row says something else. Sentences for docs/protocol.md.
 */
export const unannounced: readonly { readonly when: string; readonly seen: string }[] = [
  { when: 'The client signs out with OFFLINE.', seen: 'OFFLINE-ACK, then close code 1000' },
  {
    when: 'A WebSocket message is longer than 256 KiB and than one frame of `frameBytesMax`.',
    seen: '1006, from the WebSocket engine',
  },
  { when: 'A WebSocket text message is not valid UTF-8.', seen: '1006, from the WebSocket engine' },
  {
    when: 'A WebSocket frame has a reserved bit or opcode.',
    seen: '1006, from the WebSocket engine',
  },
  {
    when: 'A WebSocket frame of the client is not masked.',
    seen: 'The engine closes with 1006, or passes over it: then nothing answers, and 4003 or 4002 follows.',
  },
  {
    when: 'There are `connectionsMax` connections already, or the gateway is shutting down.',
    seen: 'The connection ends before the upgrade; while shutting down perhaps with HTTP status 503.',
  },
  { when: 'A worker or the gateway fails.', seen: '1006; raw TCP: a reset or the end of the stream' },
]
