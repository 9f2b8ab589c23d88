/** The other end of a connection, as far as its transport knows it. */
export interface Peer {
  /** The IP address; empty if it was first read after the connection had ended. */
  readonly address: string
  /** The origin of the web page that opened it, as the browser says; empty if none, or not over WebSocket. */
  readonly origin: string
  readonly isTls: boolean
}

/** Somebody who wants in. Reading `peer` may cost something, so read it only when it matters. */
export interface Comer {
  readonly peer: Peer
}
