import type { Bus } from '../../bus/bus.ts'
import { ListenerType } from '../../contract/listener.ts'
import type { RoomRecord } from '../../store/schema.ts'
import type { Cid, Rid, Sid, Uid, UidOrAll } from '../../util/id.ts'
import { type Readers, TopicLine } from '../line.ts'

/** A session in a room. */
export interface Member {
  readonly sid: Sid
  readonly uid: Uid
  cid: Cid
  worker: number
  /** When it connected: `Clock.instant`. */
  at: number
  listener: ListenerType
  /** The part of the room that it is in: chats reach one sub-group, pushes all of them. */
  readonly line: TopicLine
}

/** A session that wants to be in a room. */
export interface Newcomer {
  readonly sid: Sid
  readonly uid: Uid
  readonly cid: Cid
  readonly worker: number
  readonly at: number
  readonly listener: ListenerType
}

/** One change of a room's configuration: decided by rules, applied to memory and disk. */
export type RoomChange =
  | { readonly type: 'created'; readonly owner: Uid; readonly name: string; readonly desc: string }
  | { readonly type: 'closed' }
  | { readonly type: 'opened' }
  | { readonly type: 'cap'; readonly cap: number }
  | { readonly type: 'blacklist'; readonly uid: Uid; readonly on: boolean }
  | { readonly type: 'gag'; readonly uid: UidOrAll; readonly on: boolean }

const newRecord: RoomRecord = { owner: 0, name: '', desc: '', cap: 0, closed: false }

/**
 * The state of one room: its sessions, their sub-groups, and its configuration. A join takes the lowest sub-group with a
 * free place. Pure state: no clocks, no threads, no store.
 */
export class Room implements Readers {
  readonly rid: Rid
  readonly members = new Map<Sid, Member>()
  /** By their numbers, from 1. */
  lines: readonly TopicLine[] = []
  /** Undefined: never configured. */
  record: RoomRecord | undefined
  /** Sessions that came over raw TCP. */
  tcpSize = 0
  /** Both sizes as the subscribers last heard them. */
  toldSize = 0
  toldTcpSize = 0
  /** Made when there is one: there may be a million rooms. */
  #blacklist: Set<Uid> | undefined
  #gags: Set<UidOrAll> | undefined
  readonly #links: number
  readonly #nextTopic: () => number
  /** No sub-group below this index has a free place. */
  #firstFree = 0

  constructor(rid: Rid, links: number, nextTopic: () => number) {
    this.rid = rid
    this.#links = links
    this.#nextTopic = nextTopic
  }

  get size(): number {
    return this.members.size
  }

  get owner(): UidOrAll {
    return this.record?.owner ?? 0
  }

  get isClosed(): boolean {
    return this.record?.closed === true
  }

  apply(change: RoomChange): void {
    const record = this.record ?? newRecord
    switch (change.type) {
      case 'created': {
        const { owner, name, desc } = change
        this.record = { ...record, owner, name, desc }
        return
      }
      case 'closed':
      case 'opened':
        this.record = { ...record, closed: change.type === 'closed' }
        return
      case 'cap':
        this.record = { ...record, cap: change.cap }
        this.capChanged()
        return
      case 'blacklist':
        this.record = record
        this.setBlacklisted(change.uid, change.on)
        return
      case 'gag':
        this.record = record
        this.setGagged(change.uid, change.on)
    }
  }

  mayNotEnter(uid: Uid): boolean {
    return this.#blacklist?.has(uid) === true
  }

  mayNotSpeak(uid: Uid): boolean {
    return this.#gags !== undefined && (this.#gags.has(0) || this.#gags.has(uid))
  }

  setBlacklisted(uid: Uid, on: boolean): void {
    this.#blacklist = changed(this.#blacklist, uid, on)
  }

  setGagged(uid: UidOrAll, on: boolean): void {
    this.#gags = changed(this.#gags, uid, on)
  }

  /** Empties the blacklist and the gags. */
  clearLists(): void {
    this.#blacklist = this.#gags = undefined
  }

  isCongested(bus: Bus): boolean {
    for (const line of this.lines) if (line.isCongested(bus)) return true
    return false
  }

  advance(): void {
    for (const line of this.lines) line.advance()
  }

  deliver(bus: Bus, dataKind: number, frame: Buffer, msgid = 0, endsAt = 0): undefined {
    for (const line of this.lines) line.deliver(bus, dataKind, frame, msgid, endsAt)
  }

  /** Adds a session, or moves it to its newer connection: it keeps its sub-group. @param cap places of a sub-group */
  enter({ sid, uid, cid, worker, at, listener }: Newcomer, cap: number): Member {
    const known = this.members.get(sid)
    if (known !== undefined) {
      known.line.leave(known.worker)
      known.line.enter(worker)
      this.#count(known.listener, -1)
      this.#count(listener, 1)
      Object.assign(known, { cid, worker, at, listener })
      return known
    }
    const line = this.#place(cap)
    line.enter(worker)
    this.#count(listener, 1)
    const member = { sid, uid, cid, worker, at, listener, line }
    this.members.set(sid, member)
    return member
  }

  /** Takes the member out; its place is free again. */
  leave({ sid, line, worker, listener }: Member): void {
    this.members.delete(sid)
    this.#count(listener, -1)
    line.leave(worker)
    this.#firstFree = Math.min(this.#firstFree, line.subGroup - 1)
  }

  /** The cap was changed: places may be free below. */
  capChanged(): void {
    this.#firstFree = 0
  }

  /** Whether a session of the user is there. */
  hasUser(uid: Uid): boolean {
    for (const member of this.members.values()) if (member.uid === uid) return true
    return false
  }

  /** All sessions of a user. */
  sessionsOf(uid: Uid): Member[] {
    return [...this.members.values()].filter(member => member.uid === uid)
  }

  #count(listener: ListenerType, step: 1 | -1): void {
    if (listener === ListenerType.TCP) this.tcpSize += step
  }

  #place(cap: number): TopicLine {
    while (this.#firstFree < this.lines.length && this.lines[this.#firstFree]!.size >= cap) this.#firstFree++
    let line = this.lines[this.#firstFree]
    if (line === undefined) {
      line = new TopicLine(this.#nextTopic(), this.lines.length + 1, this.#links)
      // Exactly as long as it has to be: most rooms have one.
      this.lines = this.lines.concat([line])
    }
    return line
  }
}

function changed<T>(set: Set<T> | undefined, item: T, on: boolean): Set<T> | undefined {
  if (on) return (set ?? new Set<T>()).add(item)
  set?.delete(item)
  return set
}
