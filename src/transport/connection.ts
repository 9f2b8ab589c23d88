import type { Disconnect } from '../protocol/disconnect.ts'

/** The types of listeners in the HTTP interfaces. */
export const ListenerType = { TCP: 1, WS: 2 } as const
export type ListenerType = (typeof ListenerType)[keyof typeof ListenerType]

/**
 * One client connection, whatever carries it. After `end` or `destroy`, or when the client went, every call does nothing.
 * Thread: the worker that accepted it.
 */
export interface Connection {
  readonly listener: ListenerType
  /**
   * Writes one message now. A string is a WebSocket text message, bytes are whole frames.
   * @param payload not changed by the caller afterwards: it may be kept until the client has read
   */
  write(payload: Buffer | string): void
  /** WebSocket only: what `app.publish` says under this name reaches the client. */
  subscribe(topic: string): void
  unsubscribe(topic: string): void
  /** Stops reading from the client, where its transport can (raw TCP). @returns whether it did */
  pause(): boolean
  resume(): void
  /** Sends what was written, then closes. */
  end(reason: Disconnect): void
}

/** What a transport tells of its connections. */
export interface ConnectionEvents<S> {
  /** @returns what the transport hands back with every later event, or why the client is not wanted */
  opened(connection: Connection): S
  /** Whole frames, or one that makes no sense: its length does. Valid during the call. */
  binary(state: S, chunk: Buffer): void
  text(state: S, chunk: Buffer): void
  /** A frame whose length makes no sense, or a message cut in the middle of a frame. */
  garbage(state: S): void
  /** Said once, however it ended. */
  closed(state: S): void
  /** The client reads too slowly: messages for it were dropped or would have to be. */
  tooSlow(state: S): void
  /** Something came that is no message: a WebSocket ping. */
  alive(state: S): void
}
