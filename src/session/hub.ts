import { ListenerType } from '../contract/listener.ts'
import type { StoredMark } from '../contract/stored.ts'
import { Command } from '../protocol/command.ts'
import { Disconnect, type DisconnectCause, mayReconnect } from '../protocol/disconnect.ts'
import { encodeFrame } from '../protocol/encode.ts'
import { Fate } from '../protocol/fate.ts'
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
  /** Frames for one session were not taken, and why. */
  dropped(fate: Fate, frames: number): void
  /** Something waits to be written: make a turn happen. */
  wake(): void
  /** Logs what should not have happened with one session: the others go on. */
  onDefect(defect: unknown): void
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
  readonly #nextCid: () => number
  readonly #outputBytesMax: number

  /** @param nextCid numbers that no connection at this seat has had @param outputBytesMax what may wait for one client in one turn */
  constructor(clock: Clock, nextCid: () => number, outputBytesMax: number, events: HubEvents) {
    this.#clock = clock
    this.#nextCid = nextCid
    this.#outputBytesMax = outputBytesMax
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
    const session = new Session(this.#nextCid() as Cid, connection, this.#clock.instant(), this.#clock.now())
    this.#sessions.set(session.cid, session)
    return session
  }

  countOnline({ connection: { listener } }: Session, step: 1 | -1): void {
    this.online[listener] += step
    this.#events.online(listener, this.online[listener])
  }

  /** One frame to one session, in order with all others to it. `frame` must not change afterwards. @param mark of a stored push */
  send(session: Session, frame: Buffer, dataKind: DataKind = DataKind.BYTES, mark?: StoredMark): void {
    if (session.state !== SessionState.CLOSED) this.#gathered(session, session.send(frame, dataKind, mark))
  }

  #gathered(session: Session, isFirst: boolean): void {
    if (session.outputBytes > this.#outputBytesMax) this.#overflow(session)
    else if (isFirst) {
      this.#dirty.push(session)
      this.#events.wake()
    }
  }

  /** The same, but behind the ONLINE-ACK when the session has not had it. */
  deliver(session: Session, frame: Buffer, dataKind: DataKind, mark?: StoredMark): void {
    if (session.isSignedIn) this.send(session, frame, dataKind, mark)
    else if (!session.hold(frame, dataKind, mark)) this.#overflow(session)
  }

  /** The session has signed in, its ONLINE-ACK is on its way: what was held for it follows. */
  release(session: Session): void {
    if (session.isHeldTooMuch) this.#overflow(session)
    session.isSignedIn = true
    for (const { bytes, dataKind, mark } of session.takeHeld()) {
      if (dataKind !== undefined) this.send(session, bytes, dataKind, mark)
      else if (session.state !== SessionState.CLOSED) this.#gathered(session, session.sendWritten(bytes, mark))
    }
  }

  /** A frame came for a session that is not here any more. */
  nobody(): void {
    this.#events.dropped(Fate.GONE, 1)
  }

  /** Something is to be done at the end of a turn. */
  wake(): void {
    this.#events.wake()
  }

  /** Writes what the sessions gathered in this turn. */
  flush(): void {
    const dirty = this.#dirty
    if (dirty.length === 0) return
    this.#dirty = []
    for (const session of dirty) {
      try {
        session.flush()
        this.#reportLost(session)
      } catch (defect) {
        this.#events.onDefect(defect)
      }
    }
  }

  /** Sends a KICK with the reason and closes. `after`: how long the client should wait before it comes back. */
  kick(session: Session, reason: Reason): void {
    if (session.state === SessionState.CLOSED) return
    const retry = mayReconnect(reason)
    const body = { code: reason.errorCode, errmsg: reason.text, retry: retry ? 1 : 0 }
    const after = Math.floor(this.#clock.random() * COME_BACK_WITHIN_MS)
    this.#end(session, reason, encodeFrame(Command.KICK, 0, retry ? { ...body, after } : body))
  }

  /** Writes what is left and closes. */
  close(session: Session, reason: Reason): void {
    if (session.state !== SessionState.CLOSED) this.#end(session, reason)
  }

  /** What its topics hold comes before the last frame. */
  #end(session: Session, reason: Reason, last?: Buffer): void {
    this.#events.closing(reason.cause)
    this.#forget(session)
    if (last !== undefined) session.send(last, DataKind.BYTES)
    session.end(reason)
  }

  /** The connection is gone. */
  gone(session: Session): void {
    if (session.state !== SessionState.CLOSED) this.#forget(session)
  }

  /** Closes whoever has not signed in in time or has been silent for too long. */
  sweep(loginTimeoutMs: number, silentMaxMs: number): void {
    const silentSince = this.#clock.now() - silentMaxMs
    const openedBefore = this.#clock.instant() - loginTimeoutMs * 1000
    for (const session of this.#sessions.values()) {
      try {
        if (session.state !== SessionState.ONLINE) {
          if (session.at < openedBefore) this.kick(session, Disconnect.LOGIN_TIMEOUT)
          // Who is not read from cannot be heard.
        } else if (session.seenAt < silentSince && !session.isPaused) this.kick(session, Disconnect.SILENT)
      } catch (defect) {
        this.#events.onDefect(defect)
      }
    }
  }

  /** So much in one turn that the client could not take it: it ends at once, not when the turn does. */
  #overflow(session: Session): void {
    session.dropOutput()
    this.#reportLost(session)
    this.kick(session, Disconnect.SLOW_CONSUMER)
  }

  /** Asks a part of the sessions for a sign of life: each once in `parts` calls with 0, 1, 2 and so on. */
  ping(part: number, parts: number): void {
    for (const { cid, connection } of this.#sessions.values()) if (cid % parts === part % parts) connection.ping()
  }

  #forget(session: Session): void {
    const { state } = session
    session.state = SessionState.CLOSED
    this.#sessions.delete(session.cid)
    this.#events.left(session, state)
    session.dropHeld()
    this.#reportLost(session)
  }

  #reportLost(session: Session): void {
    const lost = session.takeLost()
    if (lost !== undefined) this.#events.dropped(lost.fate, lost.frames)
  }
}
