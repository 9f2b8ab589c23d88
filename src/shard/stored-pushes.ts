import type { Bus } from '../bus/bus.ts'
import type { Options } from '../config/options.ts'
import { type Refused, refused } from '../contract/answer.ts'
import type { Calls } from '../contract/calls.ts'
import type { Methods, SessionAddress } from '../contract/methods.ts'
import type { Placement } from '../contract/placement.ts'
import { writeStoredDeliver } from '../contract/records.ts'
import { PIECE_BYTES, type StoredOf, type StoredPiece, type StoredRange, StoredScope } from '../contract/stored.ts'
import { readOwn } from '../store/read-own.ts'
import type { StoredPush } from '../store/schema.ts'
import { type Store, StoreError } from '../store/store.ts'
import type { Clock } from '../util/clock.ts'
import { DueList } from '../util/due-list.ts'
import type { Sid } from '../util/id.ts'
import { DeviceMarks } from './device-marks.ts'
import { Shelf, type Stored } from './shelf.ts'

/** What a push takes beside its frame, roughly: in memory and on the disk. */
const PUSH_BYTES = 256
/** Nobody asks for the first of what is stored: so much for each of many who come at once must not fill a ring. */
const FIRST_BYTES = 8192
/** What is over is removed in slices: of so many entries, and of so much time. After each the disk and others have their turn. */
const SLICE_MAX = 1000
const SLICE_MS = 5

/** How much all workers store together. */
export interface StoredUsage {
  /** Bytes at all workers. */
  allBytes(): number
  /** What this worker has changed. */
  changed(pushes: number, bytes: number): void
  /** A push was refused: too much is stored. */
  refused(): void
}

export interface StoredServices {
  readonly options: Pick<Options, 'storedBytesMax' | 'storedBytesPerRoomMax' | 'storedBytesPerUserMax'>
  readonly store: Store
  readonly bus: Bus
  readonly calls: Pick<Calls<Methods>, 'tell'>
  readonly clock: Clock
  readonly placement: Placement
}

/**
 * Pushes with `expire`, stored for sessions that come in time. A session that comes says what its device has had (`DeviceMarks`),
 * and gets the rest. Pushes are in LMDB too and outlive a restart. Thread: the home of the ids.
 */
export class StoredPushes {
  /** What the devices of the users of this home have had. */
  readonly marks: DeviceMarks
  readonly #services: StoredServices
  readonly #usage: StoredUsage
  readonly #shelves = new Map<string, Shelf>()
  readonly #due = new DueList<Stored>()
  #pushes = 0
  #bytes = 0
  #isPruning = false

  constructor(services: StoredServices, usage: StoredUsage) {
    this.#services = services
    this.#usage = usage
    const { placement, store } = services
    this.marks = new DeviceMarks(store, uid => placement.homeOf(uid) === placement.here)
    this.#restore()
  }

  /** Whether there is room for one more. @param bytes of its data @returns the refusal, which is counted */
  mayAdd(scope: StoredScope, of: StoredOf, bytes: number): Refused | undefined {
    const { storedBytesMax, storedBytesPerRoomMax, storedBytesPerUserMax } = this.#services.options
    const stored = this.#shelves.get(name(scope, of))?.bytes ?? 0
    const isUser = scope === StoredScope.USER
    const [most, option] = isUser
      ? [storedBytesPerUserMax, 'storedBytesPerUserMax']
      : [storedBytesPerRoomMax, 'storedBytesPerRoomMax']
    const asked = bytes + PUSH_BYTES
    let errmsg: string | undefined
    if (stored + asked > most) {
      errmsg = `expire: ${stored} bytes of valid pushes are stored for ${whom(scope)}, at most ${most} (${option})`
    } else if (this.#usage.allBytes() + asked > storedBytesMax) {
      errmsg = `expire: too many valid pushes are stored, at most ${storedBytesMax} bytes (storedBytesMax)`
    }
    if (errmsg === undefined) return undefined
    this.#usage.refused()
    return refused('BUSY', `${errmsg}; push with expire=0, or wait until some of them end`)
  }

  /** Durable when `Store.commit` says so. */
  add(scope: StoredScope, of: StoredOf, msgid: number, push: StoredPush): void {
    this.#add(this.#shelf(scope, of), msgid, push)
    this.#services.store.tables.storedPushes.put([scope, of, msgid], push)
  }

  /** The store refused it: no session gets it later. */
  remove(scope: StoredScope, of: StoredOf, msgid: number): void {
    const push = this.#shelves.get(name(scope, of))?.find(msgid)
    if (push === undefined) return
    this.#due.remove(push, push.expiresAt)
    this.#take(push)
  }

  /** Whether pushes are stored there. */
  has(scope: StoredScope, of: StoredOf): boolean {
    return this.#shelves.has(name(scope, of))
  }

  /** Those that are valid, in order. */
  valid(scope: StoredScope, of: StoredOf): readonly Stored[] {
    const now = this.#services.clock.wall()
    return [...(this.#shelves.get(name(scope, of))?.after(0) ?? [])].filter(({ expiresAt }) => expiresAt > now)
  }

  /** The highest msgid there. */
  newest(scope: StoredScope, of: StoredOf): number {
    return this.#shelves.get(name(scope, of))?.newest ?? 0
  }

  /**
   * Sends a session that has just come the first of the pushes above the one that it has had, up to `upTo`, as far as they are
   * short. Its worker asks for the rest when the client has read these.
   */
  catchUp(
    scope: StoredScope,
    of: StoredOf,
    { sid, cid, worker }: SessionAddress,
    had: number,
    upTo = Number.POSITIVE_INFINITY,
  ): void {
    const last = Math.min(upTo, this.newest(scope, of))
    if (last <= had) return
    const range = { scope, of, sid, above: had, upTo: last }
    const { pushes, upTo: above } = this.#piece(range, FIRST_BYTES, false)
    for (const { msgid, expiresAt, dataKind, frame } of pushes) {
      writeStoredDeliver(
        this.#services.bus,
        { worker, cid },
        { scope, of, upTo: msgid, endsAt: expiresAt },
        dataKind,
        frame,
      )
    }
    if (above < last) this.#services.calls.tell(worker, 'sessionBehind', { scope, of, sid, cid, above, upTo: last })
  }

  /** @returns the first ones of them for this session, at least one; the frames are not copied */
  next(range: StoredRange & { sid: Sid }): StoredPiece {
    return this.#piece(range, PIECE_BYTES, true)
  }

  #piece(
    { scope, of, sid, above, upTo }: StoredRange & { sid: Sid },
    bytesMax: number,
    isAtLeastOne: boolean,
  ): StoredPiece {
    const now = this.#services.clock.wall()
    const pushes: Stored[] = []
    let bytes = 0
    for (const push of this.#shelves.get(name(scope, of))?.after(above) ?? []) {
      if (push.msgid > upTo) break
      if (push.expiresAt <= now || (push.sid !== undefined && push.sid !== sid)) continue
      if (bytes + push.frame.length > bytesMax && (bytes > 0 || !isAtLeastOne)) {
        return piece(pushes, pushes.at(-1)?.msgid ?? above)
      }
      bytes += push.frame.length
      pushes.push(push)
    }
    return piece(pushes, upTo)
  }

  /** Removes what has expired, a slice at a time; call every now and then. @returns when it is done */
  async prune(): Promise<void> {
    if (this.#isPruning) return
    this.#isPruning = true
    try {
      // The next slice after the disk has this one: no more is queued than it takes.
      while (this.#pruneSlice()) await this.#services.store.commit()
    } catch (error) {
      // The disk refuses everybody now. What it still has ends all the same, and is removed after the next start.
      if (!(error instanceof StoreError)) throw error
    } finally {
      this.#isPruning = false
    }
  }

  /** @returns whether there was anything to remove */
  #pruneSlice(): boolean {
    const { clock, store } = this.#services
    const endAt = clock.now() + SLICE_MS
    const now = clock.wall()
    let count = 0
    while (count < SLICE_MAX && clock.now() < endAt) {
      const push = this.#due.take(now)
      if (push !== undefined) {
        const { scope, of } = push.shelf
        store.tables.storedPushes.remove([scope, of, push.msgid])
        this.#take(push)
      } else if (!this.marks.prune(now)) break
      count++
    }
    return count > 0
  }

  #add(shelf: Shelf, msgid: number, push: StoredPush): void {
    const bytes = push.frame.length + PUSH_BYTES
    const stored: Stored = { ...push, msgid, shelf, bytes, isGone: false }
    shelf.add(stored)
    this.#due.add(stored, push.expiresAt)
    this.#count(1, bytes)
  }

  #take(push: Stored): void {
    const { shelf } = push
    shelf.take(push)
    if (shelf.size === 0) this.#shelves.delete(name(shelf.scope, shelf.of))
    this.#count(-1, -push.bytes)
  }

  #count(pushes: number, bytes: number): void {
    this.#pushes += pushes
    this.#bytes += bytes
    this.#usage.changed(this.#pushes, this.#bytes)
  }

  #shelf(scope: StoredScope, of: StoredOf): Shelf {
    const at = name(scope, of)
    let shelf = this.#shelves.get(at)
    if (shelf === undefined) {
      shelf = new Shelf(scope, of)
      this.#shelves.set(at, shelf)
    }
    return shelf
  }

  /** Of what other workers store only the keys are read: the start costs what is this worker's own. */
  #restore(): void {
    const { store, placement } = this.#services
    const isOwn = ([, of]: readonly [StoredScope, StoredOf, number]) =>
      (of === 0 ? placement.ofAll : placement.homeOf(of)) === placement.here
    readOwn(store.tables.storedPushes, isOwn, ([scope, of, msgid], push) => {
      this.#add(this.#shelf(scope, of), msgid, push)
    })
  }
}

/** What a worker is told of them, which may be another. */
function piece(pushes: readonly Stored[], upTo: number): StoredPiece {
  return {
    pushes: pushes.map(({ msgid, frame, dataKind, expiresAt }) => ({ msgid, frame, dataKind, expiresAt })),
    upTo,
  }
}

function name(scope: StoredScope, of: StoredOf): string {
  return `${scope}/${of}`
}

function whom(scope: StoredScope): string {
  switch (scope) {
    case StoredScope.USER:
      return 'the user'
    case StoredScope.GROUP:
      return 'the group'
    case StoredScope.ROOM:
      return 'the room'
    case StoredScope.ALL:
      return 'everybody'
  }
}
