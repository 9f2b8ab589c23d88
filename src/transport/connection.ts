import type { Peer } from '../admission/peer.ts'
import type { ListenerType } from '../contract/listener.ts'
import type { Disconnect } from '../protocol/disconnect.ts'

/** So many times `writerBytesMax` may wait for a client for a moment; more ends it at once. */
export const BURST_FACTOR = 8

/**
 * One client connection, whatever carries it. After `end` or `destroy`, or when the client went, every call does nothing.
 * Thread: the worker that accepted it.
 */
export interface Connection {
  readonly listener: ListenerType
  readonly peer: Peer
  /** Bytes of what was written that wait here until the client reads. */
  readonly waiting: number
  /**
   * Writes one message now. @returns false when the message was dropped: too much waits for this client, which will be closed
   * @param payload not changed by the caller afterwards, when the transport is raw TCP: it may be kept until the client has read
   * @param isBinary whole frames; else a WebSocket text message
   */
  write(payload: Buffer | string, isBinary: boolean): boolean
  /** Stops reading from the client, where its transport can (raw TCP). @returns whether it did */
  pause(): boolean
  resume(): void
  /** Asks the client for a sign of life, where its transport has a way to (WebSocket). */
  ping(): void
  /** Sends what was written, then closes. */
  end(reason: Disconnect): void
}

/** The events of a transport's connections. */
export interface ConnectionEvents<S> {
  /** @returns the state that the transport passes to every later event */
  opened(connection: Connection): S
  /** Whole frames by their lengths; what is in them may be nonsense. Valid during the call. */
  binary(state: S, chunk: Buffer): void
  text(state: S, chunk: Buffer): void
  /** A frame whose length makes no sense, or a message cut in the middle of a frame. */
  garbage(state: S): void
  /** Called once, however the connection ended. */
  closed(state: S): void
  /** The client reads too slowly: messages for it were dropped or would have to be. */
  tooSlow(state: S): void
  /** Something came that is no message: a WebSocket ping or pong, the first bytes of a frame. */
  alive(state: S): void
}
