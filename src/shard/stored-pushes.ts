import type { Bus } from '../bus/bus.ts'
import type { SessionAddress } from '../contract/methods.ts'
import type { Placement } from '../contract/placement.ts'
import { writeDeliver } from '../contract/records.ts'
import { type StoredOf, type StoredPush, StoredScope } from '../store/schema.ts'
import type { Store } from '../store/store.ts'
import type { Clock } from '../util/clock.ts'
import type { Sid } from '../util/id.ts'

interface Stored extends StoredPush {
  readonly msgid: number
}

/** The valid pushes of one scope, oldest first, and the marks of the sessions that left. */
interface Shelf {
  readonly scope: StoredScope
  readonly of: StoredOf
  pushes: Stored[]
  /** The mark of each: the highest msgid that it has had. */
  readonly seen: Map<Sid, number>
  /** The marks matter until then, in unix milliseconds, even if no push is here: pushes to everybody are stored elsewhere. */
  seenUntil: number
}

/**
 * Pushes with `expire`, stored for sessions that come in time: each session gets each push once. When a session leaves, its
 * mark is the newest msgid, so it does not get the same pushes again when it returns. Pushes and marks are in LMDB too and
 * outlive a restart; only a session connected during a crash may get a push a second time. Thread: the home of the ids.
 */
export class StoredPushes {
  readonly #store: Store
  readonly #bus: Bus
  readonly #clock: Clock
  readonly #shelves = new Map<string, Shelf>()

  constructor(store: Store, bus: Bus, clock: Clock, placement: Placement) {
    this.#store = store
    this.#bus = bus
    this.#clock = clock
    this.#restore(placement)
  }

  /** Durable when `Store.commit` says so. */
  add(scope: StoredScope, of: StoredOf, msgid: number, push: StoredPush): void {
    this.#shelf(scope, of).pushes.push({ ...push, msgid })
    this.#store.tables.storedPushes.put([scope, of, msgid], push)
  }

  /** The store refused it: no session gets it later. */
  remove(scope: StoredScope, of: StoredOf, msgid: number): void {
    const shelf = this.#shelves.get(name(scope, of))
    if (shelf !== undefined) shelf.pushes = shelf.pushes.filter(push => push.msgid !== msgid)
  }

  /** Whether pushes are stored there. */
  has(scope: StoredScope, of: StoredOf): boolean {
    return this.#shelves.has(name(scope, of))
  }

  /** Sends a session that has just come the pushes above its mark. */
  catchUp(scope: StoredScope, of: StoredOf, { sid, cid, worker }: SessionAddress): void {
    const shelf = this.#shelves.get(name(scope, of))
    if (shelf === undefined) return
    const seen = shelf.seen.get(sid) ?? 0
    const now = this.#clock.wall()
    for (const push of shelf.pushes) {
      if (push.expiresAt <= now || push.msgid <= seen || (push.sid !== undefined && push.sid !== sid)) continue
      writeDeliver(this.#bus, worker, cid, push.dataKind, Buffer.from(push.frame))
    }
  }

  /** The session leaves: it has had everything stored so far. */
  left(scope: StoredScope, of: StoredOf, sid: Sid): void {
    const last = this.#shelves.get(name(scope, of))?.pushes.at(-1)?.msgid
    if (last !== undefined) this.#mark(scope, of, sid, last)
  }

  /** It has had what was pushed to everybody up to this msgid. @param until when the last of those ends, unix milliseconds */
  sawBroadcasts(of: StoredOf, sid: Sid, upTo: number, until: number): void {
    if (until <= this.#clock.wall()) return
    const shelf = this.#shelf(StoredScope.ALL, of)
    shelf.seenUntil = Math.max(shelf.seenUntil, until)
    this.#mark(StoredScope.ALL, of, sid, upTo)
  }

  seenBy(scope: StoredScope, of: StoredOf, sid: Sid): number {
    return this.#shelves.get(name(scope, of))?.seen.get(sid) ?? 0
  }

  /** Removes what has expired; call every now and then. */
  prune(): void {
    const now = this.#clock.wall()
    for (const [at, shelf] of this.#shelves) {
      const { scope, of } = shelf
      const over = shelf.pushes.filter(({ expiresAt }) => expiresAt <= now)
      for (const { msgid } of over) this.#store.tables.storedPushes.remove([scope, of, msgid])
      if (over.length > 0) shelf.pushes = shelf.pushes.filter(({ expiresAt }) => expiresAt > now)
      if (shelf.pushes.length > 0 || shelf.seenUntil > now) continue
      this.#store.tables.storedPushesSeen.removeAll([scope, of])
      this.#shelves.delete(at)
    }
  }

  /** A late word of an older connection takes nothing back. */
  #mark(scope: StoredScope, of: StoredOf, sid: Sid, upTo: number): void {
    const { seen } = this.#shelf(scope, of)
    if (upTo <= (seen.get(sid) ?? 0)) return
    seen.set(sid, upTo)
    this.#store.tables.storedPushesSeen.put([scope, of, sid], upTo)
  }

  #shelf(scope: StoredScope, of: StoredOf): Shelf {
    const at = name(scope, of)
    let shelf = this.#shelves.get(at)
    if (shelf === undefined) {
      shelf = { scope, of, pushes: [], seen: new Map(), seenUntil: 0 }
      this.#shelves.set(at, shelf)
    }
    return shelf
  }

  #restore(placement: Placement): void {
    const isOurs = (of: StoredOf) => (of === 0 ? placement.ofAll : placement.homeOf(of)) === this.#bus.self
    let broadcastsEndAt = 0
    for (const { key, value } of this.#store.tables.storedPushes.list([])) {
      const [scope, of, msgid] = key
      if (scope === StoredScope.ALL) broadcastsEndAt = Math.max(broadcastsEndAt, value.expiresAt)
      if (isOurs(of)) this.#shelf(scope, of).pushes.push({ ...value, msgid })
    }
    for (const { key, value } of this.#store.tables.storedPushesSeen.list([])) {
      const [scope, of, sid] = key
      if (!isOurs(of)) continue
      const shelf = this.#shelf(scope, of)
      shelf.seen.set(sid, value)
      if (scope === StoredScope.ALL) shelf.seenUntil = broadcastsEndAt
    }
  }
}

function name(scope: StoredScope, of: StoredOf): string {
  return `${scope}/${of}`
}
