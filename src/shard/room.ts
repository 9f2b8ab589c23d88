import type { RoomRecord } from '../store/schema.ts'
import type { Id } from '../util/id.ts'

/** A session in a room. */
export interface Member {
  readonly sid: Id
  readonly uid: Id
  cid: Id
  worker: number
  listener: number
  readonly subGroup: SubGroup
}

/** A part of a room: chats reach one sub-group, pushes all of them. */
export interface SubGroup {
  readonly gid: number
  readonly topic: number
  size: number
  /** Members at each worker: the frame goes to those alone. */
  readonly workers: number[]
}

/**
 * The state of one room: who is in it, in which sub-group, and what was configured. A join takes the lowest sub-group with
 * a free place. Pure state: no clocks, no threads, no store.
 */
export class Room {
  readonly rid: Id
  readonly members = new Map<Id, Member>()
  subGroups: readonly SubGroup[] = []
  record: RoomRecord | undefined
  /** The size when those who subscribed to it were last told. */
  toldSize = 0
  /** Uids; made when there is one: there may be a million rooms. */
  #blacklist: Set<Id> | undefined
  /** Uids; 0: everybody. */
  #gags: Set<Id> | undefined
  readonly #workers: number
  readonly #nextTopic: () => number
  /** No sub-group below this index has a free place. */
  #firstFree = 0

  constructor(rid: Id, workers: number, nextTopic: () => number) {
    this.rid = rid
    this.#workers = workers
    this.#nextTopic = nextTopic
  }

  get owner(): Id {
    return this.record?.owner ?? 0
  }

  get isClosed(): boolean {
    return this.record?.closed === true
  }

  mayNotEnter(uid: Id): boolean {
    return this.#blacklist?.has(uid) === true
  }

  mayNotSpeak(uid: Id): boolean {
    return this.#gags !== undefined && (this.#gags.has(0) || this.#gags.has(uid))
  }

  blacklist(uid: Id, on: boolean): void {
    this.#blacklist = changed(this.#blacklist, uid, on)
  }

  /** @param uid 0: everybody */
  gag(uid: Id, on: boolean): void {
    this.#gags = changed(this.#gags, uid, on)
  }

  /** Nobody is on the blacklist or gagged any more. */
  clearLists(): void {
    this.#blacklist = this.#gags = undefined
  }

  /** Adds a session, or moves it to its newer connection: it keeps its sub-group. @param cap places of a sub-group */
  join(sid: Id, uid: Id, cid: Id, worker: number, listener: number, cap: number): Member {
    const known = this.members.get(sid)
    if (known !== undefined) {
      known.subGroup.workers[known.worker]!--
      known.subGroup.workers[worker]!++
      Object.assign(known, { cid, worker, listener })
      return known
    }
    const subGroup = this.#place(cap)
    subGroup.size++
    subGroup.workers[worker]!++
    const member = { sid, uid, cid, worker, listener, subGroup }
    this.members.set(sid, member)
    return member
  }

  /** Takes the member out; its place is free again. */
  leave(member: Member): void {
    const { subGroup } = member
    this.members.delete(member.sid)
    subGroup.size--
    subGroup.workers[member.worker]!--
    this.#firstFree = Math.min(this.#firstFree, subGroup.gid - 1)
  }

  /** The cap was changed: places may be free below. */
  capChanged(): void {
    this.#firstFree = 0
  }

  /** All sessions of a user. */
  sessionsOf(uid: Id): Member[] {
    return [...this.members.values()].filter(member => member.uid === uid)
  }

  #place(cap: number): SubGroup {
    while (this.#firstFree < this.subGroups.length && this.subGroups[this.#firstFree]!.size >= cap) this.#firstFree++
    let subGroup = this.subGroups[this.#firstFree]
    if (subGroup === undefined) {
      const workers = new Array<number>(this.#workers).fill(0)
      subGroup = { gid: this.subGroups.length + 1, topic: this.#nextTopic(), size: 0, workers }
      // Exactly as long as it has to be: most rooms have one.
      this.subGroups = this.subGroups.concat([subGroup])
    }
    return subGroup
  }
}

function changed(set: Set<Id> | undefined, id: Id, on: boolean): Set<Id> | undefined {
  if (on) return (set ?? new Set<Id>()).add(id)
  set?.delete(id)
  return set
}
