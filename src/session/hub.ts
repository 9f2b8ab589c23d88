import { ListenerType } from '../contract/listener.ts'
import { Command } from '../protocol/command.ts'
import { Disconnect, type DisconnectCause, mayReconnect } from '../protocol/disconnect.ts'
import { encodeFrame } from '../protocol/encode.ts'
import { DataKind } from '../protocol/json-format.ts'
import type { Connection } from '../transport/connection.ts'
import type { Clock } from '../util/clock.ts'
import type { Cid } from '../util/id.ts'
import { Session, SessionState } from './session.ts'

type Reason = (typeof Disconnect)[keyof typeof Disconnect]

export interface HubEvents {
  /** The session is over and has to be removed everywhere. Called once. @param state its state until now */
  left(session: Session, state: SessionState): void
  /** A session signed in, or a signed-in session ended. */
  online(listener: ListenerType, sessions: number): void
  /** The gateway closes a connection. */
  closing(cause: DisconnectCause): void
  /** Something waits to be written: make a turn happen. */
  wake(): void
  /** Runs it and logs what it throws, so that what comes after still runs. */
  guard(run: () => void): void
}

/** Kicked clients come back within this time, spread evenly (KICK `after`). */
const COME_BACK_WITHIN_MS = 5000

/** The connections of this worker, signed in or not. Thread: its worker. */
export class Hub {
  /** Signed-in sessions by listener. */
  readonly online = { [ListenerType.TCP]: 0, [ListenerType.WS]: 0 }
  readonly #sessions = new Map<Cid, Session>()
  readonly #clock: Clock
  readonly #events: HubEvents
  #dirty: Session[] = []
  #lastCid = 0

  constructor(clock: Clock, events: HubEvents) {
    this.#clock = clock
    this.#events = events
  }

  get size(): number {
    return this.#sessions.size
  }

  get sessions(): Iterable<Session> {
    return this.#sessions.values()
  }

  get(cid: Cid): Session | undefined {
    return this.#sessions.get(cid)
  }

  open(connection: Connection): Session {
    const session = new Session(++this.#lastCid as Cid, connection, this.#clock.now())
    this.#sessions.set(session.cid, session)
    return session
  }

  countOnline({ connection: { listener } }: Session, step: 1 | -1): void {
    this.online[listener] += step
    this.#events.online(listener, this.online[listener])
  }

  /** One frame to one session, in order with all others to it. `frame` must not change afterwards. */
  send(session: Session, frame: Buffer, dataKind: DataKind = DataKind.BYTES): void {
    if (session.state === SessionState.CLOSED) return
    if (!session.send(frame, dataKind)) return
    this.#dirty.push(session)
    this.#events.wake()
  }

  /** The same, but behind the ONLINE-ACK when the session is still signing in. */
  deliver(session: Session, frame: Buffer, dataKind: DataKind): void {
    if (session.state === SessionState.SIGNING_IN) session.hold(frame, dataKind)
    else this.send(session, frame, dataKind)
  }

  /** Writes what the sessions gathered in this turn. */
  flush(): void {
    const dirty = this.#dirty
    if (dirty.length === 0) return
    this.#dirty = []
    for (const session of dirty) this.#events.guard(() => session.flush())
  }

  /** Sends a KICK with the reason and closes. `after`: how long the client should wait before it comes back. */
  kick(session: Session, reason: Reason): void {
    if (session.state === SessionState.CLOSED) return
    const retry = mayReconnect(reason)
    const body = { code: reason.errorCode, errmsg: reason.text, retry: retry ? 1 : 0 }
    const after = Math.floor(this.#clock.random() * COME_BACK_WITHIN_MS)
    session.send(encodeFrame(Command.KICK, 0, retry ? { ...body, after } : body), DataKind.BYTES)
    this.close(session, reason)
  }

  /** Writes what is left and closes. */
  close(session: Session, reason: Reason): void {
    if (session.state === SessionState.CLOSED) return
    this.#events.closing(reason.cause)
    this.#forget(session)
    session.flush()
    session.connection.end(reason)
  }

  /** The connection is gone. */
  gone(session: Session): void {
    if (session.state !== SessionState.CLOSED) this.#forget(session)
  }

  /** Closes connections that did not sign in in time, and sessions that were silent for too long. */
  sweep(now: number, loginTimeoutMs: number, silentMaxMs: number): void {
    for (const session of this.#sessions.values()) {
      const silentMs = now - session.seenAt
      if (session.state === SessionState.ONLINE) {
        if (silentMs > silentMaxMs) this.kick(session, Disconnect.SILENT)
      } else if (now - session.openedAt > loginTimeoutMs) this.kick(session, Disconnect.LOGIN_TIMEOUT)
    }
  }

  #forget(session: Session): void {
    const { state } = session
    session.state = SessionState.CLOSED
    this.#sessions.delete(session.cid)
    this.#events.left(session, state)
  }
}
