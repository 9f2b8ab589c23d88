import { Place } from '../fanout/topic.ts'
import type { Id } from '../util/id.ts'
import type { Session } from './session.ts'

/**
 * A room or group that the session is in, or asked to enter. It is also the session's place in the topic, which is absent
 * until the home has answered.
 */
export class Membership<T extends Id = Id> extends Place {
  readonly id: T
  /** Open questions to the home. While there are any, the home must learn of the end of the session. */
  asked = 0

  constructor(session: Session, id: T) {
    super(session)
    this.id = id
  }
}

/** From this many on a map is faster than a walk. */
const MAP_FROM = 16

/** The rooms or groups of one session. Most sessions have one or two: a map for each would be half of their memory. */
export class Memberships<T extends Id = Id> {
  #all: readonly Membership<T>[] | Map<T, Membership<T>> = []

  get size(): number {
    return this.#all instanceof Map ? this.#all.size : this.#all.length
  }

  get(id: T): Membership<T> | undefined {
    if (this.#all instanceof Map) return this.#all.get(id)
    for (const membership of this.#all) if (membership.id === id) return membership
    return undefined
  }

  add(membership: Membership<T>): void {
    if (!(this.#all instanceof Map)) {
      if (this.#all.length < MAP_FROM) {
        // Exactly as long as it has to be; an array that grows by itself takes room for 17.
        this.#all = this.#all.concat([membership])
        return
      }
      this.#all = new Map(this.#all.map(one => [one.id, one]))
    }
    this.#all.set(membership.id, membership)
  }

  delete({ id }: Membership<T>): void {
    if (this.#all instanceof Map) this.#all.delete(id)
    else this.#all = this.#all.filter(one => one.id !== id)
  }

  /** May be changed while it is walked over. */
  [Symbol.iterator](): Iterator<Membership<T>> {
    return this.#all.values()
  }
}
