import type { Ranked } from '../../contract/methods.ts'
import type { Placement } from '../../contract/placement.ts'
import { readOwn } from '../../store/read-own.ts'
import type { Store } from '../../store/store.ts'
import type { Gid, Id } from '../../util/id.ts'
import { Ranking } from '../ranking.ts'

/** The rankings of the groups of this home, by members and by messages, and their counts on the disk. */
export class GroupCounts {
  readonly #store: Store
  readonly #rankings = { members: new Ranking(), messages: new Ranking() }
  /** Groups whose count of messages is not yet as it is on the disk. */
  readonly #unsaved = new Set<Gid>()

  constructor(store: Store, placement: Placement) {
    this.#store = store
    const members: { id: Id; count: number }[] = []
    const messages: { id: Id; count: number }[] = []
    const isOwn = ([gid]: readonly [Gid]) => placement.homeOf(gid) === placement.here
    readOwn(store.tables.groupCounts, isOwn, ([id], counts) => {
      if (counts.members > 0) members.push({ id, count: counts.members })
      if (counts.messages > 0) messages.push({ id, count: counts.messages })
    })
    this.#rankings.members.load(members)
    this.#rankings.messages.load(messages)
  }

  top(by: 'members' | 'messages', num: number): Ranked[] {
    return this.#rankings[by].top(num).map(({ id, count }) => ({ id, total: count }))
  }

  messagePosted(gid: Gid): void {
    this.#rankings.messages.increase(gid)
    this.#unsaved.add(gid)
  }

  /** Sets the number of members of the group. */
  setMembers(gid: Gid, count: number): void {
    const { members } = this.#rankings
    while (members.countOf(gid) < count) members.increase(gid)
    if (count === 0) members.remove(gid)
    else while (members.countOf(gid) > count) members.decrease(gid)
  }

  /** Queues the counts of a group for the disk. */
  save(gid: Gid): void {
    const { members, messages } = this.#rankings
    this.#store.tables.groupCounts.put([gid], {
      members: members.countOf(gid),
      messages: messages.countOf(gid),
    })
  }

  /** Queues the counts that are not on the disk yet; call every now and then, and at the end. */
  saveAll(): void {
    for (const gid of this.#unsaved) this.save(gid)
    this.#unsaved.clear()
  }
}
