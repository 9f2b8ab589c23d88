import type { Bus } from '../bus/bus.ts'
import { writeDeliver } from '../bus/records.ts'
import type { SessionAddress } from '../contract/methods.ts'
import type { Placement } from '../contract/placement.ts'
import { type RetainedRecord, RetainedScope } from '../store/schema.ts'
import type { Store } from '../store/store.ts'
import { idAt, key } from '../store/table.ts'
import { type Id, toId } from '../util/id.ts'

interface Kept extends RetainedRecord {
  readonly msgid: number
}

/** The pushes of one scope that are still valid, oldest first, and which of them sessions that left have had. */
interface Shelf {
  readonly scope: RetainedScope
  readonly id: Id
  kept: Kept[]
  /** sid to the highest msgid that it has had */
  readonly seen: Map<Id, number>
}

/**
 * Pushes with `expire`, kept for those who come within it: each session gets each of them once. A session that leaves is
 * remembered with the newest msgid, so it does not get the same again when it returns. Kept in LMDB too: they outlive a
 * restart; only who was connected during a crash may get one of them a second time. Thread: the owner of the ids.
 */
export class Retained {
  readonly #store: Store
  readonly #bus: Bus
  readonly #shelves = new Map<string, Shelf>()

  constructor(store: Store, bus: Bus, placement: Placement) {
    this.#store = store
    this.#bus = bus
    this.#restore(placement)
  }

  /** Keeps a push; durable when `Store.commit` says so. */
  add(scope: RetainedScope, id: Id, msgid: number, record: RetainedRecord): void {
    this.#shelf(scope, id).kept.push({ ...record, msgid })
    this.#store.tables.retained.put(key(scope, id, msgid), record)
  }

  /** Whether something is kept there. */
  has(scope: RetainedScope, id: Id): boolean {
    return this.#shelves.has(name(scope, id))
  }

  /** The pushes that are still valid. */
  valid(scope: RetainedScope, id: Id): readonly Kept[] {
    const now = Date.now()
    return this.#shelves.get(name(scope, id))?.kept.filter(({ expiresAt }) => expiresAt > now) ?? []
  }

  /** Sends a session that has just come what it has not had. */
  catchUp(scope: RetainedScope, id: Id, { sid, cid, worker }: SessionAddress): void {
    const seen = this.seenBy(scope, id, sid)
    for (const kept of this.valid(scope, id)) {
      if (kept.msgid <= seen || (kept.sid !== undefined && kept.sid !== sid)) continue
      writeDeliver(this.#bus, worker, cid, kept.dataKind, Buffer.from(kept.frame))
    }
  }

  /** The session leaves; it has had everything that was kept until now. @param upTo else: up to this msgid */
  left(scope: RetainedScope, id: Id, sid: Id, upTo?: number): void {
    const shelf = this.#shelves.get(name(scope, id))
    const last = upTo ?? shelf?.kept.at(-1)?.msgid
    if (last === undefined || (shelf === undefined && scope !== RetainedScope.ALL)) return
    this.#shelf(scope, id).seen.set(sid, last)
    this.#store.tables.retainedSeen.put(key(scope, id, sid), last)
  }

  seenBy(scope: RetainedScope, id: Id, sid: Id): number {
    return this.#shelves.get(name(scope, id))?.seen.get(sid) ?? 0
  }

  /** Forgets what is over; call every now and then. @param keepSeen whether who has had what still matters */
  prune(now: number, keepSeen: (scope: RetainedScope) => boolean): void {
    for (const [at, shelf] of this.#shelves) {
      const { scope, id } = shelf
      const over = shelf.kept.filter(({ expiresAt }) => expiresAt <= now)
      for (const { msgid } of over) this.#store.tables.retained.remove(key(scope, id, msgid))
      if (over.length > 0) shelf.kept = shelf.kept.filter(({ expiresAt }) => expiresAt > now)
      if (shelf.kept.length > 0 || keepSeen(scope)) continue
      this.#store.tables.retainedSeen.removeAll(key(scope, id))
      this.#shelves.delete(at)
    }
  }

  #shelf(scope: RetainedScope, id: Id): Shelf {
    const at = name(scope, id)
    let shelf = this.#shelves.get(at)
    if (shelf === undefined) {
      shelf = { scope, id, kept: [], seen: new Map() }
      this.#shelves.set(at, shelf)
    }
    return shelf
  }

  #restore(placement: Placement): void {
    const isOurs = (id: Id) => (id === 0 ? placement.ofAll : placement.ownerOf(id)) === this.#bus.self
    for (const entry of this.#store.tables.retained.list()) {
      const [scope, id, msgid] = [idAt(entry.key, 0) as RetainedScope, idAt(entry.key, 1), idAt(entry.key, 2)]
      if (isOurs(id)) this.#shelf(scope, id).kept.push({ ...entry.value, msgid: msgid as number })
    }
    for (const entry of this.#store.tables.retainedSeen.list()) {
      const [scope, id, sid] = [idAt(entry.key, 0) as RetainedScope, idAt(entry.key, 1), idAt(entry.key, 2)]
      if (isOurs(id)) this.#shelf(scope, id).seen.set(sid, toId(entry.value) as number)
    }
  }
}

function name(scope: RetainedScope, id: Id): string {
  return `${scope}/${id}`
}
