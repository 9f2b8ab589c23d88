import type { Nid } from '../util/id.ts'

/** The kinds of listeners, as the HTTP interfaces number them. */
export const ListenerType = { TCP: 1, WS: 2 } as const
export type ListenerType = (typeof ListenerType)[keyof typeof ListenerType]

/** A listener of this process. Every worker opens it. */
export interface Listener {
  readonly nid: Nid
  readonly type: ListenerType
  readonly host: string
  /** The port in use; in the options it may be 0. */
  readonly port: number
  /** `ip:port` as devices reach it. */
  readonly ipaddr: string
}

/** Numbers of listeners of one process: 10 n + 1 to 10 n + 9, n being the number of the process. */
const LISTENERS_MAX = 10

export function listenerNid(nodeId: number, type: ListenerType): Nid {
  return (nodeId * LISTENERS_MAX + type) as unknown as Nid
}

/** Whether the number is reserved for listeners of this process. */
export function isOwnNid(nodeId: number, nid: Nid): boolean {
  return nid > nodeId * LISTENERS_MAX && nid < (nodeId + 1) * LISTENERS_MAX
}
