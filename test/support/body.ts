import type { Id } from './ids.js'

/** The fields of a frame, or of an entry of its list. What a test does not name is unknown. */
export interface Body {
  readonly code?: number
  readonly errmsg?: string
  readonly uid?: Id
  readonly sid?: Id
  readonly rid?: Id
  readonly gid?: Id
  readonly suid?: Id
  readonly duid?: Id
  readonly to?: Id
  readonly msgid?: Id
  readonly level?: number
  readonly time?: Id
  readonly num?: number
  readonly heartbeat?: number
  readonly retry?: unknown
  readonly after?: number
  readonly role?: number
  readonly text?: string
  readonly data?: unknown
  readonly data64?: string
  readonly list?: readonly Body[]
  readonly [field: string]: unknown
}

/** One command as it travels, whatever the format. */
export interface Frame {
  readonly cmd: string
  /** In JSON a number, a text, or none. */
  readonly seq: unknown
  readonly body: Body
}
