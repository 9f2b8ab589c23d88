import type { Server } from 'node:net'
import type { CounterRow } from '../ops/counters.ts'
import { Disconnect } from '../protocol/disconnect.ts'
import { ErrorCode } from '../protocol/error-code.ts'
import { Frame } from '../protocol/frame.ts'
import { dispatchBinary, dispatchText, error, GARBAGE } from '../session/dispatch.ts'
import type { Gate } from '../session/gate.ts'
import type { Session } from '../session/session.ts'
import type { Admission } from '../transport/admission.ts'
import { type ConnectionEvents, ListenerType } from '../transport/connection.ts'
import { serveTcp } from '../transport/tcp.ts'
import type { TemplatedApp } from '../transport/uws.ts'
import { serveWebSocket } from '../transport/websocket.ts'

export const WEBSOCKET_PATH = '/im/ws'
const MESSAGE_BYTES_MIN = 262_144

export interface Clients {
  listenTcp(fd: number): Promise<Server>
  /** Resolves when every connection is closed, its last bytes included. */
  allClosed(): Promise<void>
}

/** Joins both transports to the sessions: what a connection says is dispatched, what happens to it is told to the hub. */
export function serveClients(gate: Gate, app: TemplatedApp, admission: Admission, count: CounterRow): Clients {
  const { hub, options } = gate
  const open = { [ListenerType.TCP]: 0, [ListenerType.WS]: 0 }
  let onAllClosed: (() => void) | undefined

  const counted = (listener: ListenerType, step: 1 | -1) => {
    open[listener] += step
    count.set(listener === ListenerType.TCP ? 'connections_tcp' : 'connections_ws', open[listener])
    if (open[ListenerType.TCP] + open[ListenerType.WS] === 0) onAllClosed?.()
  }
  const garbage = (session: Session) => {
    error(gate, session, 0, ErrorCode.BAD_HEADER)
    hub.kick(session, Disconnect.BAD_FRAME)
  }
  const take = (session: Session, chunk: Buffer, dispatch: typeof dispatchBinary) => {
    const rest = dispatch(gate, session, chunk)
    if (rest === undefined) return
    if (rest === GARBAGE || !session.postpone(rest.length, () => take(session, rest, dispatch))) garbage(session)
  }
  const hear = (session: Session, chunk: Buffer, dispatch: typeof dispatchBinary) => {
    session.seen(performance.now())
    count.add('messages_in_total', 1)
    take(session, chunk, dispatch)
  }
  const events: ConnectionEvents<Session> = {
    opened(connection) {
      counted(connection.listener, 1)
      return hub.open(connection)
    },
    binary: (session, chunk) => hear(session, chunk, dispatchBinary),
    text: (session, chunk) => hear(session, chunk, dispatchText),
    garbage,
    closed(session) {
      counted(session.connection.listener, -1)
      hub.gone(session)
    },
    tooSlow(session) {
      hub.kick(session, Disconnect.SLOW_CONSUMER)
    },
    alive(session) {
      session.seen(performance.now())
    },
  }
  const { frameBytesMax, writerBytesMax } = options
  // A WebSocket message carries one of the longest frames, or several shorter ones.
  const messageBytesMax = Math.max(MESSAGE_BYTES_MIN, frameBytesMax + Frame.HEADER_BYTES)
  serveWebSocket(app, WEBSOCKET_PATH, { messageBytesMax, writerBytesMax }, admission, events)
  return {
    listenTcp: fd => serveTcp(fd, { frameBytesMax, writerBytesMax }, admission, events),
    allClosed: () =>
      new Promise(resolve => {
        onAllClosed = resolve
        if (open[ListenerType.TCP] + open[ListenerType.WS] === 0) resolve()
      }),
  }
}
