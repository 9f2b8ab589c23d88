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
  OFFLINE: { cause: 'offline', closeCode: 1000, errorCode: 0, text: 'signed out' },
  BAD_FRAME: { cause: 'bad_frame', closeCode: 4500, errorCode: 20010, text: 'bad frame' },
  BAD_TOKEN: { cause: 'bad_token', closeCode: 4501, errorCode: 20012, text: 'bad or expired token' },
  REPLACED: { cause: 'replaced', closeCode: 4502, errorCode: 20009, text: 'replaced by a newer connection' },
} as const satisfies Record<string, Disconnect>

/** The causes for which the gateway closes connections. */
export type DisconnectCause = (typeof Disconnect)[keyof typeof Disconnect]['cause']

/** Whether the client may come back with the same sid. */
export function mayReconnect(reason: Disconnect): boolean {
  return reason.closeCode < 4500
}
