import type { StoredOf, StoredScope } from '../contract/stored.ts'
import type { StoredPush } from '../store/schema.ts'

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

/** The valid pushes to one user, group or room, or to everybody, oldest first. State only. */
export class Shelf {
  readonly scope: StoredScope
  readonly of: StoredOf
  /** Of all its pushes. */
  bytes = 0
  /** The highest msgid that was ever here. */
  newest = 0
  #pushes: Stored[] = []
  #gone = 0

  constructor(scope: StoredScope, of: StoredOf) {
    this.scope = scope
    this.of = of
  }

  get size(): number {
    return this.#pushes.length - this.#gone
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
