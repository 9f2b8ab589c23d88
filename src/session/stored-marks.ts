import { type StoredMark, type StoredOf, type StoredRange, StoredScope } from '../contract/stored.ts'
import { Watermark } from '../fanout/watermark.ts'
import type { Gid, Rid } from '../util/id.ts'
import { type Session, SessionState } from './session.ts'

/** More places are not remembered for one session; whoever is over it may get a push a second time. */
const PLACES_MAX = 256

interface Known {
  readonly scope: StoredScope
  readonly of: StoredOf
  readonly watermark: Watermark
}

/** The client of a session: how often it has been heard until now, and how it stands. */
interface Client {
  readonly heard: number
  /** Messages that it missed: behind them nothing counts. */
  readonly dropped: number
  readonly connection: { readonly bytesWaiting: number }
}

/** A place of which more is stored than the session was sent: it is given piece by piece. */
export interface Behind {
  readonly scope: StoredScope
  readonly of: StoredOf
  /** It was given all up to this one. */
  above: number
  /** And is given all up to this one; what is newer comes by itself. */
  upTo: number
  /** All above `upTo` up to this one came by themselves: it has them, but had those before only when it has caught up. */
  live: StoredMark | undefined
  /** The same for single ones. */
  readonly ahead: StoredMark[]
}

/** How far a session has had stored pushes: as itself, in its rooms and groups, and of those to everybody. State only. */
export class StoredMarks {
  readonly #places = new Map<string, Known>()
  /** The msgids of those that are held or in the output. */
  readonly #coming = new Set<number>()
  /** Those in the output. */
  #output: StoredMark[] = []
  /** The last one of each place that was written and waits for the client to read. */
  readonly #late = new Map<Watermark, StoredMark>()
  readonly #behind = new Map<string, Behind>()

  /** What the device has had over earlier connections. */
  inherit(marks: readonly StoredMark[]): void {
    for (const { scope, of, upTo, endsAt } of marks) this.#keep(scope, of, new Watermark(upTo, endsAt))
  }

  /** The highest msgid that was written, or that the device has had before. */
  upTo(scope: StoredScope, of: StoredOf): number {
    const watermark = this.#places.get(nameOf(scope, of))?.watermark
    if (watermark === undefined) return 0
    // What waits for the client to read comes over this connection or ends with it.
    return Math.max(watermark.written, this.#late.get(watermark)?.upTo ?? 0)
  }

  /** Whether it has had this push, or will have it. */
  has({ scope, of, upTo }: StoredMark): boolean {
    if (this.#coming.has(upTo) || this.upTo(scope, of) >= upTo) return true
    const behind = this.#behind.get(nameOf(scope, of))
    return behind?.live !== undefined && upTo > behind.upTo && upTo <= behind.live.upTo
  }

  /** More is stored there than it was sent. */
  fellBehind({ scope, of, above, upTo }: StoredRange): void {
    const at = nameOf(scope, of)
    const known = this.#behind.get(at)
    if (known === undefined) this.#behind.set(at, { scope, of, above, upTo, live: undefined, ahead: [] })
    else if (upTo > (known.live?.upTo ?? known.upTo)) {
      // What came by itself is no longer all above `upTo`: better twice than never.
      known.live = undefined
      known.upTo = upTo
    }
  }

  isBehind({ scope, of }: StoredMark): boolean {
    return this.#behind.has(nameOf(scope, of))
  }

  /** Whether it still is, and this is not of an earlier stay. */
  isStill(behind: Behind): boolean {
    return this.#behind.get(nameOf(behind.scope, behind.of)) === behind
  }

  /** A place that it is behind in. */
  get nextBehind(): Behind | undefined {
    for (const behind of this.#behind.values()) return behind
    return undefined
  }

  /** It was given all: what came by itself counts from now on. */
  caughtUp(behind: Behind, client: Client): void {
    this.giveUp(behind)
    const came = behind.live === undefined ? behind.ahead : [...behind.ahead, behind.live]
    // Behind what is still in the output.
    if (this.#output.length > 0) this.#output.push(...came)
    else for (const mark of came) this.wrote(mark, client)
  }

  /** It is given no more of it. */
  giveUp({ scope, of, ahead }: Behind): void {
    this.#behind.delete(nameOf(scope, of))
    for (const { upTo } of ahead) this.#coming.delete(upTo)
  }

  /** It is held. */
  held({ upTo }: StoredMark): void {
    this.#coming.add(upTo)
  }

  /** It is in the output. */
  gathered(mark: StoredMark): void {
    this.#coming.add(mark.upTo)
    this.#output.push(mark)
  }

  /** The output was written. */
  flushed(client: Client): void {
    if (this.#output.length === 0) return
    const output = this.#output
    this.#output = []
    for (const mark of output) {
      const behind = this.#behind.get(nameOf(mark.scope, mark.of))
      if (behind !== undefined && mark.upTo > behind.above) behind.ahead.push(mark)
      else {
        this.wrote(mark, client)
        this.#coming.delete(mark.upTo)
      }
    }
  }

  /** All up to this one were written. What still waits for the client to read does not count yet. */
  wrote(mark: StoredMark, client: Client): void {
    if (client.dropped > 0) return
    const behind = this.#behind.get(nameOf(mark.scope, mark.of))
    if (behind !== undefined && mark.upTo > behind.above) {
      if (mark.upTo > behind.upTo) behind.live = mark
      return
    }
    const watermark = this.#of(mark.scope, mark.of)
    this.settle(client)
    if (client.connection.bytesWaiting > 0) this.#isLate(watermark, mark)
    else watermark.wrote(mark.upTo, mark.endsAt, client.heard)
  }

  /** The mark is of use until all that it covers has ended. */
  #isLate(watermark: Watermark, mark: StoredMark): void {
    const endsAt = Math.max(mark.endsAt, this.#late.get(watermark)?.endsAt ?? 0)
    this.#late.set(watermark, endsAt === mark.endsAt ? mark : { ...mark, endsAt })
  }

  /** What waited has gone out, if all has. */
  settle({ heard, connection }: Client): void {
    if (this.#late.size === 0 || connection.bytesWaiting > 0) return
    for (const [watermark, { upTo, endsAt }] of this.#late) watermark.wrote(upTo, endsAt, heard)
    this.#late.clear()
  }

  /** What is held or gathered is not written. */
  drop(): void {
    this.#coming.clear()
    this.#behind.clear()
    this.#output = []
  }

  /** @param heard how often the client has been heard until now */
  had(heard: number): StoredMark[] {
    const marks: StoredMark[] = []
    for (const { scope, of, watermark } of this.#places.values()) {
      const upTo = watermark.had(heard)
      if (upTo > 0) marks.push({ scope, of, upTo, endsAt: watermark.endsAt })
    }
    return marks
  }

  #of(scope: StoredScope, of: StoredOf): Watermark {
    return this.#places.get(nameOf(scope, of))?.watermark ?? this.#keep(scope, of, new Watermark())
  }

  #keep(scope: StoredScope, of: StoredOf, watermark: Watermark): Watermark {
    this.#places.set(nameOf(scope, of), { scope, of, watermark })
    if (this.#places.size > PLACES_MAX) {
      const [first] = this.#places.keys()
      this.#places.delete(first!)
    }
    return watermark
  }
}

/** Those of a session: made when it gets its first stored push. */
export function marksOf(session: Session): StoredMarks {
  session.stored ??= new StoredMarks()
  return session.stored
}

/** By a topic: all stored pushes there up to this one were written, or are held until the session has signed in. */
export function wroteStored(session: Session, mark: StoredMark): void {
  if (session.isSignedIn) {
    marksOf(session).wrote(mark, session)
    return
  }
  const held = session.waiting?.held.at(-1)
  if (held === undefined) return
  held.mark = mark
  marksOf(session).held(mark)
}

/**
 * Whether a stored push is to go to a session: not when it has had it, will have it, or will be given it when it has signed in;
 * nor when it is of a room or a group that let it in after it had given up.
 */
export function lacks(session: Session, mark: StoredMark): boolean {
  return session.state !== SessionState.NEW && isThere(session, mark) && session.stored?.has(mark) !== true
}

/** Or may still be let in: the answer to a later question comes behind what an earlier one brought, and brings it no more. */
function isThere({ rooms, groups }: Session, { scope, of }: StoredMark): boolean {
  if (scope === StoredScope.ROOM) return rooms?.get(of as Rid) !== undefined
  if (scope === StoredScope.GROUP) return groups?.get(of as Gid) !== undefined
  return true
}

function nameOf(scope: StoredScope, of: StoredOf): string {
  return `${scope}/${of}`
}
