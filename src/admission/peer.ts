/** Who is at the other end of a connection, as far as its transport knows. */
export interface Peer {
  /** The IP address; empty when the connection is gone and nobody asked before. */
  readonly address: string
  /** The web page that opened it, by the browser's word; empty: none, or not over WebSocket. */
  readonly origin: string
  readonly isTls: boolean
}
