import type { StoredOf, StoredPush, StoredScope } from '../store/schema.ts'
import type { Sid } from '../util/id.ts'

/** A push on its shelf. */
export interface Stored extends StoredPush {
  readonly msgid: number
  readonly shelf: Shelf
  readonly bytes: number
  /** It has expired or was refused; taken out with others later. */
  isGone: boolean
}

/** So many gone ones stay before the rest moves up. */
const GONE_MAX = 32

/** The valid pushes to one user, group or room, or to everybody, oldest first, and who of those that left has had them. State only. */
export class Shelf {
  readonly scope: StoredScope
  readonly of: StoredOf
  /** Of all its pushes. */
  bytes = 0
  /** The highest msgid that was ever here. */
  newest = 0
  /** The mark of each session that left: the highest msgid that it has had. The last one that was set is the last. */
  readonly marks = new Map<Sid, number>()
  #pushes: Stored[] = []
  #gone = 0

  constructor(scope: StoredScope, of: StoredOf) {
    this.scope = scope
    this.of = of
  }

  get size(): number {
    return this.#pushes.length - this.#gone
  }

  /** Marks below it are of no use. */
  get oldest(): number {
    const first = this.#pushes.find(({ isGone }) => !isGone)
    return first === undefined ? Number.POSITIVE_INFINITY : first.msgid
  }

  /** @param push newer than all others here */
  add(push: Stored): void {
    this.#pushes.push(push)
    this.bytes += push.bytes
    this.newest = Math.max(this.newest, push.msgid)
  }

  take(push: Stored): void {
    if (push.isGone) return
    push.isGone = true
    this.bytes -= push.bytes
    this.#gone++
    if (this.#gone < GONE_MAX || this.#gone * 2 < this.#pushes.length) return
    this.#pushes = this.#pushes.filter(({ isGone }) => !isGone)
    this.#gone = 0
  }

  find(msgid: number): Stored | undefined {
    const push = this.#pushes[this.#indexAbove(msgid - 1)]
    return push?.msgid === msgid && !push.isGone ? push : undefined
  }

  /** Those with a higher msgid, in order. Nothing may come or go meanwhile. */
  *after(msgid: number): Generator<Stored> {
    for (let index = this.#indexAbove(msgid); index < this.#pushes.length; index++) {
      const push = this.#pushes[index]!
      if (!push.isGone) yield push
    }
  }

  /** Forgets up to `max` marks that are of no use any more. @returns whose they were */
  dropMarks(max: number): Sid[] {
    const { oldest } = this
    const dropped: Sid[] = []
    for (const [sid, upTo] of this.marks) {
      if (upTo >= oldest) continue
      this.marks.delete(sid)
      if (dropped.push(sid) === max) break
    }
    return dropped
  }

  #indexAbove(msgid: number): number {
    let low = 0
    let high = this.#pushes.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#pushes[middle]!.msgid <= msgid) low = middle + 1
      else high = middle
    }
    return low
  }
}
