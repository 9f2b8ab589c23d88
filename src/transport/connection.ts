import type { Peer } from '../admission/peer.ts'
import type { ListenerType } from '../contract/listener.ts'
import type { Disconnect } from '../protocol/disconnect.ts'
import type { Fate } from '../protocol/fate.ts'

/**
 * One client connection, whatever carries it. After `end` or `destroy`, or when the client went, every call does nothing.
 * Thread: the worker that accepted it.
 */
export interface Connection {
  readonly listener: ListenerType
  readonly peer: Peer
  /** Bytes of what was written that wait here until the client reads. */
  readonly bytesWaiting: number
  /**
   * Writes one message now, whole or not at all. @returns what became of it; SLOW: the client will be closed
   * @param payload not changed by the caller afterwards, when the transport is raw TCP: it may be kept until the client has read
   * @param isBinary whole frames; else a WebSocket text message
   * @param mayDrop a client that is behind rather misses it than be closed
   */
  write(payload: Buffer | string, isBinary: boolean, mayDrop: boolean): Fate
  /** Stops reading from the client, where its transport can (raw TCP). @returns whether it did */
  pause(): boolean
  resume(): void
  /** Asks the client for a sign of life, where its transport has a way to (WebSocket). */
  ping(): void
  /** Sends what was written and then the last message, however much waits, then closes. */
  end(reason: Disconnect, last: Buffer | string | undefined, isBinary: boolean): void
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
  /** The client reads too slowly and has to be closed. Called once. */
  tooSlow(state: S): void
  /** Something came that is no message: a WebSocket ping or pong, the first bytes of a frame. */
  alive(state: S): void
}
