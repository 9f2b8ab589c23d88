import type { StoredMark, StoredOf, StoredScope } from '../contract/stored.ts'
import { readOwn } from '../store/read-own.ts'
import type { Store } from '../store/store.ts'
import { DueList } from '../util/due-list.ts'
import type { Sid, Uid } from '../util/id.ts'

/** More are not kept at one home: the device that has been away longest may get a push a second time. */
const MARKS_MAX = 200_000

interface Mark extends StoredMark {
  readonly uid: Uid
  readonly sid: Sid
}

/**
 * How far devices have had stored pushes: in rooms, in groups, as users, of those to everybody. The home of the user keeps all of
 * them, so a device that signs in again is told what it had, in order with its end at its earlier worker. They are in LMDB too,
 * and end with the pushes they speak of. Thread: the home of the users.
 */
export class DeviceMarks {
  readonly #store: Store
  /** By device, those by what they are of. The device that said something last is the last. */
  readonly #devices = new Map<Sid, Map<string, Mark>>()
  readonly #due = new DueList<Mark>()
  #size = 0

  /** Reads what is on the disk. @param isOwn whether a user is of this home */
  constructor(store: Store, isOwn: (uid: Uid) => boolean) {
    this.#store = store
    readOwn(
      store.tables.storedMarks,
      ([uid]) => isOwn(uid),
      ([uid, sid, scope, of], [upTo, endsAt]) => this.#set({ uid, sid, scope, of, upTo, endsAt }),
    )
  }

  of(sid: Sid): StoredMark[] {
    const marks = this.#devices.get(sid)?.values() ?? []
    return Array.from(marks, ({ scope, of, upTo, endsAt }) => ({ scope, of, upTo, endsAt }))
  }

  /** 0: nothing. */
  upTo(sid: Sid, scope: StoredScope, of: StoredOf): number {
    return this.#devices.get(sid)?.get(nameOf(scope, of))?.upTo ?? 0
  }

  /** A connection of the device has ended. A late word of an older one takes nothing back. */
  set(uid: Uid, sid: Sid, marks: readonly StoredMark[], now: number): void {
    for (const { scope, of, upTo, endsAt } of marks) {
      if (upTo <= this.upTo(sid, scope, of) || endsAt <= now) continue
      this.#set({ uid, sid, scope, of, upTo, endsAt })
      this.#store.tables.storedMarks.put([uid, sid, scope, of], [upTo, endsAt])
    }
    while (this.#size > MARKS_MAX) this.#dropFirst()
  }

  /** Forgets one that is of no use any more. @returns whether there was one */
  prune(now: number): boolean {
    const over = this.#due.take(now)
    if (over !== undefined) this.#drop(over)
    return over !== undefined
  }

  #set(mark: Mark): void {
    const { sid, scope, of, endsAt } = mark
    const marks = this.#devices.get(sid) ?? new Map<string, Mark>()
    this.#devices.delete(sid)
    this.#devices.set(sid, marks)
    const at = nameOf(scope, of)
    const known = marks.get(at)
    if (known === undefined) this.#size++
    else this.#due.remove(known, known.endsAt)
    marks.set(at, mark)
    this.#due.add(mark, endsAt)
  }

  #dropFirst(): void {
    const [marks] = this.#devices.values()
    const [mark] = marks!.values()
    this.#due.remove(mark!, mark!.endsAt)
    this.#drop(mark!)
  }

  #drop({ uid, sid, scope, of }: Mark): void {
    const marks = this.#devices.get(sid)!
    marks.delete(nameOf(scope, of))
    if (marks.size === 0) this.#devices.delete(sid)
    this.#size--
    this.#store.tables.storedMarks.remove([uid, sid, scope, of])
  }
}

function nameOf(scope: StoredScope, of: StoredOf): string {
  return `${scope}/${of}`
}
