import { StoredScope } from '../store/schema.ts'
import type { Store } from '../store/store.ts'
import { DueList } from '../util/due-list.ts'
import type { Sid, Uid } from '../util/id.ts'

/** More are not kept: whoever has been away longest may get a push to everybody a second time. */
const MARKS_MAX = 200_000

interface Mark {
  readonly uid: Uid
  readonly sid: Sid
  readonly upTo: number
  /** When the last push that it speaks of ends: unix milliseconds. */
  readonly endsAt: number
}

/** What sessions that left have had of the pushes to everybody: the home of their user keeps it, in LMDB too. */
export class BroadcastMarks {
  readonly #store: Store
  /** The last one that was set is the last. */
  readonly #marks = new Map<Sid, Mark>()
  readonly #due = new DueList<Mark>()

  constructor(store: Store) {
    this.#store = store
  }

  get size(): number {
    return this.#marks.size
  }

  /** 0: nothing. */
  upTo(sid: Sid): number {
    return this.#marks.get(sid)?.upTo ?? 0
  }

  /** A late word of an older connection takes nothing back. */
  set(mark: Mark): void {
    if (mark.upTo <= this.upTo(mark.sid)) return
    this.restore(mark)
    this.#store.tables.storedPushesSeen.put([StoredScope.ALL, mark.uid, mark.sid], mark.upTo)
    if (this.#marks.size <= MARKS_MAX) return
    const [oldest] = this.#marks.values()
    this.#due.remove(oldest!, oldest!.endsAt)
    this.#drop(oldest!)
  }

  /** It is on the disk already. */
  restore(mark: Mark): void {
    const known = this.#marks.get(mark.sid)
    if (known !== undefined) {
      this.#due.remove(known, known.endsAt)
      this.#marks.delete(mark.sid)
    }
    this.#marks.set(mark.sid, mark)
    this.#due.add(mark, mark.endsAt)
  }

  /** Forgets one that is of no use any more. @returns whether there was one */
  prune(now: number): boolean {
    const over = this.#due.take(now)
    if (over !== undefined) this.#drop(over)
    return over !== undefined
  }

  #drop({ uid, sid }: Mark): void {
    this.#marks.delete(sid)
    this.#store.tables.storedPushesSeen.remove([StoredScope.ALL, uid, sid])
  }
}
