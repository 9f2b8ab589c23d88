import type { Options } from '../config/options.ts'
import { type Answer, isRefused } from '../contract/answer.ts'
import type { Calls } from '../contract/calls.ts'
import type { Methods } from '../contract/methods.ts'
import type { Placement } from '../contract/placement.ts'
import { PIECE_BYTES, type StoredMark, type StoredPiece, type StoredRange, StoredScope } from '../contract/stored.ts'
import type { DataKind } from '../protocol/json-format.ts'
import type { Clock, Timer } from '../util/clock.ts'
import type { Gid, Rid } from '../util/id.ts'
import type { Broadcasts } from './broadcasts.ts'
import type { Hub } from './hub.ts'
import { type Session, SessionState } from './session.ts'
import { type Behind, lacks, marksOf } from './stored-marks.ts'

/** The next piece follows when no more than this waits for the client: of `writerBytesMax` this part, and not over this. */
const DRAINED_PART = 16
const DRAINED_BYTES = PIECE_BYTES / 2
/** The same for when a session is given stored pushes in pieces. */
const FULL_PART = 2
const FULL_BYTES = PIECE_BYTES * 4
/** Pieces that are asked for at the same time: no more than so many are in the rings. */
const ASKED_MAX = 16
/** In one turn no more sessions are looked at. */
const LOOKS_MAX = 64
/** Who has not read is looked at again after this. */
const AGAIN_MS = 50

interface CatchUpServices {
  readonly calls: Calls<Methods>
  readonly placement: Placement
  readonly clock: Clock
  readonly options: Pick<Options, 'writerBytesMax'>
  readonly hub: Hub
  readonly broadcasts: Broadcasts
}

/**
 * Gives sessions what is stored for them and is too much for one go: piece by piece, as fast as each reads. Who does not read
 * costs one piece, and is not closed for what he is given here. Thread: its worker.
 */
export class CatchUp {
  readonly #services: CatchUpServices
  /** Those who get a piece when they have read; the one that was looked at last comes last. */
  readonly #waiting = new Set<Session>()
  /** Those whose piece is on its way. */
  readonly #asked = new Set<Session>()
  readonly #drainedBytes: number
  readonly #fullBytes: number
  #timer: Timer | undefined

  constructor(services: CatchUpServices) {
    this.#services = services
    const { writerBytesMax } = services.options
    this.#drainedBytes = Math.min(DRAINED_BYTES, writerBytesMax / DRAINED_PART)
    this.#fullBytes = Math.min(FULL_BYTES, writerBytesMax / FULL_PART)
  }

  /** The session gets these in pieces. */
  fellBehind(session: Session, range: StoredRange): void {
    if (session.state === SessionState.CLOSED || session.state === SessionState.NEW) return
    marksOf(session).fellBehind(range)
    this.#wait(session)
  }

  /** One stored push came. @param frame a view; it is copied when it is sent */
  take(session: Session, mark: StoredMark, dataKind: DataKind, frame: Buffer): void {
    if (!lacks(session, mark)) return
    if (session.stored?.isBehind(mark) === true || waitingFor(session) > this.#fullBytes) {
      this.fellBehind(session, { scope: mark.scope, of: mark.of, above: mark.upTo - 1, upTo: mark.upTo })
    } else this.#services.hub.deliver(session, Buffer.from(frame), dataKind, mark)
  }

  /** Asks for the next pieces of those who have read; call at the end of each turn. */
  goOn(): void {
    let looks = Math.min(LOOKS_MAX, this.#waiting.size)
    for (const session of this.#waiting) {
      if (looks-- === 0 || this.#asked.size >= ASKED_MAX) break
      this.#waiting.delete(session)
      this.#look(session)
    }
    if (this.#waiting.size > 0) {
      this.#timer ??= this.#services.clock.after(AGAIN_MS, () => {
        this.#timer = undefined
        this.goOn()
      })
    }
  }

  stop(): void {
    this.#services.clock.cancel(this.#timer)
  }

  #wait(session: Session): void {
    if (!this.#asked.has(session)) this.#waiting.add(session)
  }

  #look(session: Session): void {
    const behind = session.stored?.nextBehind
    if (behind === undefined || session.state === SessionState.CLOSED) return
    if (!isThere(session, behind)) {
      session.stored?.giveUp(behind)
      this.#wait(session)
    } else if (!session.isSignedIn || waitingFor(session) > this.#drainedBytes) this.#wait(session)
    else this.#ask(session, behind)
  }

  #ask(session: Session, behind: Behind): void {
    const { calls, placement, broadcasts } = this.#services
    const { scope, of, above, upTo } = behind
    const range = { scope, of, above, upTo }
    if (of === 0) {
      this.#give(session, behind, broadcasts.next(session, range))
      return
    }
    this.#asked.add(session)
    calls.request(placement.homeOf(of), 'storedNext', { ...range, sid: session.sid }, answer => {
      this.#asked.delete(session)
      this.#give(session, behind, answer)
    })
  }

  #give(session: Session, behind: Behind, answer: Answer<StoredPiece>): void {
    const { hub } = this.#services
    const { stored } = session
    if (stored === undefined || session.state === SessionState.CLOSED) return
    if (isRefused(answer)) {
      // The home has too much to do, or is just being replaced.
      this.#services.clock.after(AGAIN_MS, () => this.#again(session))
      return
    }
    if (stored.isStill(behind) && isThere(session, behind)) {
      const { scope, of } = behind
      for (const { msgid, expiresAt, dataKind, frame } of answer.pushes) {
        const mark = { scope, of, upTo: msgid, endsAt: expiresAt }
        if (lacks(session, mark)) hub.send(session, frame, dataKind as DataKind, mark)
      }
      behind.above = Math.max(behind.above, answer.upTo)
      if (behind.above >= behind.upTo) stored.caughtUp(behind, session)
    }
    this.#again(session)
  }

  #again(session: Session): void {
    this.#wait(session)
    this.#services.hub.wake()
  }
}

function waitingFor({ outputBytes, connection, waiting }: Session): number {
  return outputBytes + connection.bytesWaiting + (waiting?.bytes ?? 0)
}

/** Whether the session is still where the pushes are for. */
function isThere({ uid, groups, rooms }: Session, { scope, of }: Behind): boolean {
  switch (scope) {
    case StoredScope.USER:
      return of === uid
    case StoredScope.GROUP:
      return groups?.get(of as Gid) !== undefined
    case StoredScope.ROOM:
      return rooms?.get(of as Rid) !== undefined
    case StoredScope.ALL:
      return true
  }
}
