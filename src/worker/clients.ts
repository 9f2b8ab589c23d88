import type { Server } from 'node:net'
import { Shed } from '../admission/overload.ts'
import { ListenerType } from '../contract/listener.ts'
import { Disconnect } from '../protocol/disconnect.ts'
import { Frame } from '../protocol/frame.ts'
import type { SessionContext } from '../session/context.ts'
import { dispatchBinary, dispatchText, error, GARBAGE } from '../session/dispatch.ts'
import type { Session } from '../session/session.ts'
import type { ConnectionEvents } from '../transport/connection.ts'
import { serveTcp } from '../transport/tcp.ts'
import type { TemplatedApp } from '../transport/uws.ts'
import { serveWebSocket } from '../transport/websocket.ts'
import type { Core } from './core.ts'
import { SILENT_BEATS } from './edge.ts'

export const WEBSOCKET_PATH = '/im/ws'
const MESSAGE_BYTES_MIN = 262_144
const IDLE_S_MAX = 960
const IDLE_S_MORE = 10

export interface Clients {
  /** @param fd a bound socket of this worker alone */
  listenTcp(fd: number): Promise<Server>
  /** Resolves when every connection is closed, its last bytes included. */
  allClosed(): Promise<void>
}

/** What becomes of what happens to connections, whatever carries them. */
interface ClientEvents {
  readonly events: ConnectionEvents<Session>
  allClosed(): Promise<void>
}

/** Joins connections to the sessions: what one says is dispatched, what happens to it is told to the hub. */
export function clientEvents({ count, guard, onDefect, options }: Core, context: SessionContext): ClientEvents {
  const { admission, hub, clock } = context
  const open = { [ListenerType.TCP]: 0, [ListenerType.WS]: 0 }
  let onAllClosed: (() => void) | undefined

  const counted = (listener: ListenerType, step: 1 | -1) => {
    open[listener] += step
    count.set(listener === ListenerType.TCP ? 'connections_tcp' : 'connections_ws', open[listener])
    if (open[ListenerType.TCP] + open[ListenerType.WS] === 0) onAllClosed?.()
  }
  const garbage = (session: Session) => {
    error(context, session, 0, `length: expected whole frames of 8..${options.frameBytesMax} bytes, got something else`)
    hub.kick(session, Disconnect.BAD_FRAME)
  }
  const take = (session: Session, chunk: Buffer, dispatch: typeof dispatchBinary) => {
    const rest = dispatch(context, session, chunk)
    if (rest === undefined) return
    if (rest === GARBAGE) garbage(session)
    else if (!session.postpone(rest.length, () => take(session, rest, dispatch))) {
      hub.kick(session, Disconnect.OVER_LIMIT)
    }
  }
  const hear = (session: Session, chunk: Buffer, dispatch: typeof dispatchBinary) => {
    session.seen(clock.now())
    count.add('messages_in_total', 1)
    try {
      take(session, chunk, dispatch)
    } catch (defect) {
      onDefect(defect)
    }
  }
  const events: ConnectionEvents<Session> = {
    opened(connection) {
      counted(connection.listener, 1)
      const session = hub.open(connection)
      // A WebSocket was refused before it was one; who comes by raw TCP hears KICK, once the transport knows the session.
      if (connection.listener === ListenerType.TCP && admission.shedding.refuses(Shed.CONNECTIONS) !== undefined) {
        clock.next(() => hub.kick(session, Disconnect.OVERLOAD))
      }
      return session
    },
    binary: (session, chunk) => hear(session, chunk, dispatchBinary),
    text: (session, chunk) => hear(session, chunk, dispatchText),
    garbage: session => guard(() => garbage(session)),
    closed(session) {
      counted(session.connection.listener, -1)
      guard(() => hub.gone(session))
    },
    tooSlow: session => guard(() => hub.kick(session, Disconnect.SLOW_CONSUMER)),
    alive: session => session.seen(clock.now()),
  }
  return {
    events,
    allClosed: () =>
      new Promise(resolve => {
        onAllClosed = resolve
        if (open[ListenerType.TCP] + open[ListenerType.WS] === 0) resolve()
      }),
  }
}

/** Opens both transports to clients. */
export function serveClients(core: Core, context: SessionContext, app: TemplatedApp): Clients {
  const { admission, clock } = context
  const { frameBytesMax, writerBytesMax, heartbeatMs } = context.options
  const { events, allClosed } = clientEvents(core, context)
  // A WebSocket message carries one of the longest frames, or several shorter ones.
  const messageBytesMax = Math.max(MESSAGE_BYTES_MIN, frameBytesMax + Frame.HEADER_BYTES)
  // Later than the hub, which tells the client why; the library allows at most this.
  const idleTimeoutS = Math.min(IDLE_S_MAX, Math.ceil((heartbeatMs * SILENT_BEATS) / 1000) + IDLE_S_MORE)
  serveWebSocket(app, WEBSOCKET_PATH, { messageBytesMax, writerBytesMax, idleTimeoutS, clock, admission, events })
  return {
    listenTcp: fd => serveTcp(fd, { frameBytesMax, writerBytesMax, clock, admission, events }),
    allClosed,
  }
}
