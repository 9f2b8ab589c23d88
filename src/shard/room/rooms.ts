import { type Answer, type Done, isRefused, type Refused, refused } from '../../contract/answer.ts'
import type { Handlers } from '../../contract/calls.ts'
import type { Args, Methods, Pushed, ReplyOf } from '../../contract/methods.ts'
import type { ChatRecord } from '../../contract/records.ts'
import { StoredScope } from '../../contract/stored.ts'
import { Command } from '../../protocol/command.ts'
import { ErrorCode } from '../../protocol/error-code.ts'
import { DataKind } from '../../protocol/json-format.ts'
import { ROOM_CAP_SETTING } from '../../store/schema.ts'
import type { Rid } from '../../util/id.ts'
import { Commits, type Decision } from '../commits.ts'
import { type HomeContext, whenStored } from '../context.ts'
import type { TopicLine } from '../line.ts'
import type { Forum } from '../posting.ts'
import { Room, type RoomChange } from './room.ts'
import * as rules from './rules.ts'
import { RoomSessions } from './sessions.ts'
import { readRoom, writeRoom } from './table.ts'

/** A configured room that nobody is in is forgotten after this time; the next join or change reads it again. */
const IDLE_MAX_MS = 60_000

type RoomMethods = Pick<Handlers<Methods>, Extract<keyof Methods, `room${string}`>>

/** The rooms whose home this worker is: there from the first join on, changed by rules (rules.ts) and commits; a forum of chats. */
export class Rooms implements Forum {
  readonly command = Command.ROOM_CHAT
  readonly methods: RoomMethods = {
    roomCreate: ({ rid, uid, name, desc }) => this.#change(rid, room => rules.create(room, uid, name, desc)),
    roomDismiss: ({ rid, by }) => this.#change(rid, room => rules.dismiss(room, by)),
    roomOpen: ({ rid }) => this.#change(rid, rules.open),
    roomBlacklist: ({ rid, uid, on }) => this.#change(rid, () => rules.blacklist(uid, on)),
    roomGag: ({ rid, uid, on }) => this.#change(rid, () => rules.gag(uid, on)),
    roomUids: args => this.#uids(args),
    roomCap: args => this.#cap(args),
    roomDefaultCap: () => ({ cap: this.#defaultCap }),
    roomSetDefaultCap: args => this.#setDefaultCap(args),
    roomDefaultCapChanged: ({ cap }) => {
      this.#defaultCap = cap
      for (const room of this.#rooms.values()) room.capChanged()
      return {}
    },
    roomJoin: (args, from) => this.#join(args, from),
    roomQuit: (args, from) => this.#quit(args, from),
    roomKick: args => this.#kick(args),
    roomPush: args => this.#push(args),
    roomGroups: args => this.#groupsOf(args),
    roomTop: ({ num }) => this.#sessions.top(num),
  }
  readonly #context: HomeContext
  readonly #rooms = new Map<Rid, Room>()
  /** Configured rooms that nobody is in, and since when; the longest first. */
  readonly #idle = new Map<Room, number>()
  readonly #sessions: RoomSessions
  readonly #commits: Commits<Room, RoomChange>
  #defaultCap: number

  constructor(context: HomeContext) {
    const { store, options } = context
    this.#context = context
    this.#defaultCap = store.setting(ROOM_CAP_SETTING) ?? options.roomCap
    this.#sessions = new RoomSessions(context)
    this.#commits = new Commits(
      context,
      {
        apply: (room, change) => room.apply(change),
        write: (room, change) => writeRoom(store, room, change),
        tell: (room, change) => this.#sessions.tell(room, change),
        reread: room => readRoom(store, room),
      },
      context.onDefect,
    )
  }

  get size(): number {
    return this.#rooms.size
  }

  /** Those in memory. */
  get loaded(): Iterable<Room> {
    return this.#rooms.values()
  }

  admit(chat: ChatRecord, from: number): TopicLine | number {
    const rid = chat.target as Rid
    const room = this.#rooms.get(rid)
    const member = room?.members.get(chat.sid)
    if (room === undefined || member === undefined || member.cid !== chat.cid || member.worker !== from) {
      return this.#peek(rid, ({ isClosed }) => (isClosed ? ErrorCode.CLOSED.code : ErrorCode.NOT_MEMBER.code))
    }
    return room.mayNotSpeak(chat.uid) ? ErrorCode.GAGGED.code : member.line
  }

  subGroupOf(chat: ChatRecord): number {
    return this.#rooms.get(chat.target as Rid)?.members.get(chat.sid)?.line.subGroup ?? 0
  }

  deliver(line: TopicLine, _chat: ChatRecord, frame: Buffer): void {
    line.deliver(this.#context.bus, DataKind.BYTES, frame)
  }

  posted(): void {}

  /** A worker ended, and its sessions with it. */
  workerLost(worker: number): void {
    for (const room of this.#rooms.values()) {
      this.#sessions.workerLost(room, worker)
      this.#unload(room)
    }
  }

  /** A worker took the place of one that ended. It may have read the default cap before that was changed. */
  workerReplaced(worker: number): void {
    const { bus, placement } = this.#context
    if (bus.self === placement.ofAll) this.#tellDefaultCap(worker)
  }

  tick(now: number): void {
    this.#sessions.tellCounts()
    for (const [room, since] of this.#idle) {
      if (now - since < IDLE_MAX_MS) break
      this.#idle.delete(room)
      this.#forget(room)
    }
  }

  async #change(rid: Rid, decide: (room: Room) => Decision<RoomChange>): Promise<Answer<Done>> {
    const room = this.#load(rid)
    const answer = await this.#commits.make(room, () => decide(room))
    this.#unload(room)
    return answer
  }

  /** As the disk has them: a room that nobody is in need not be made for it. */
  #uids({ rid, list, num, after }: Args<'roomUids'>): ReplyOf<'roomUids'> {
    const { store } = this.#context
    const { roomBlacklist, roomGags } = store.tables
    store.refresh()
    const page = list === 'gags' ? roomGags.page([rid], after, num) : roomBlacklist.page([rid], after, num)
    return page.map(({ key: [, uid] }) => uid)
  }

  #groupsOf({ rid, num, after = 0 }: Args<'roomGroups'>): ReplyOf<'roomGroups'> {
    const lines = this.#rooms.get(rid)?.lines.slice(after, after + num) ?? []
    return lines.map(({ subGroup, size }) => ({ gid: subGroup, total: size }))
  }

  async #cap({ rid, cap }: Args<'roomCap'>): Promise<Answer<ReplyOf<'roomCap'>>> {
    if (cap === undefined) return { cap: this.#peek(rid, room => this.#capOf(room)) }
    const answer = await this.#change(rid, () => rules.setCap(cap))
    return isRefused(answer) ? answer : { cap }
  }

  #capOf({ record }: Room): number {
    return record?.cap || this.#defaultCap
  }

  /**
   * Every worker judges by it before it is acknowledged, or, if it is behind, once it gets to what waits for it: what is on
   * the disk holds.
   */
  async #setDefaultCap({ cap }: Args<'roomSetDefaultCap'>): Promise<Answer<Done>> {
    const { store, calls, bus } = this.#context
    store.setSetting(ROOM_CAP_SETTING, cap)
    const stored = await whenStored<Done>(this.#context, {}, () => undefined)
    if (isRefused(stored)) return stored
    const answers = await calls.askAll('roomDefaultCapChanged', { cap })
    for (const [index, worker] of bus.links.entries()) if (isRefused(answers[index])) this.#tellDefaultCap(worker)
    return {}
  }

  /** As it is on the disk: another change may have come since. */
  #tellDefaultCap(worker: number): void {
    const { store, calls, options } = this.#context
    store.refresh()
    calls.tell(worker, 'roomDefaultCapChanged', { cap: store.setting(ROOM_CAP_SETTING) ?? options.roomCap })
  }

  #join(args: Args<'roomJoin'>, from: number): Answer<ReplyOf<'roomJoin'>> {
    const { rid, uid, sid, cid, at, had, listener, isBack } = args
    const room = this.#load(rid)
    const isNewer = (room.members.get(sid)?.at ?? 0) <= at
    const refusal = isNewer ? rules.mayEnter(room, uid) : refused('REPLACED')
    if (refusal !== undefined) {
      this.#unload(room)
      return refusal
    }
    const newcomer = { sid, uid, cid, worker: from, at, listener }
    return this.#sessions.join(room, newcomer, this.#capOf(room), had, isBack === true)
  }

  #quit({ rid, sid, cid }: Args<'roomQuit'>, from: number): Answer<Done> {
    const room = this.#rooms.get(rid)
    if (room === undefined) return refused('NOT_MEMBER')
    return this.#sessions.quit(room, sid, cid, from, () => this.#unload(room))
  }

  #kick({ rid, uid, by }: Args<'roomKick'>): Answer<Done> {
    return this.#peek(rid, (room): Refused | Done => {
      const refusal = rules.mayKick(room, by)
      if (refusal !== undefined) return refusal
      return this.#sessions.kick(room, uid) ? {} : refused('NOT_MEMBER')
    })
  }

  #push({ rid, ...args }: Args<'roomPush'>): Answer<Pushed> | Promise<Answer<Pushed>> {
    const room = this.#load(rid)
    const target = { command: Command.ROOM_BC, rid, readers: room, scope: StoredScope.ROOM, of: rid } as const
    const answer = rules.mayPush(room) ?? this.#context.posting.push(target, args)
    this.#unload(room)
    return answer
  }

  /** Looks at a room, or changes its members. A room that was not in memory is dropped again. */
  #peek<R>(rid: Rid, look: (room: Room) => R): R {
    const room = this.#load(rid)
    const seen = look(room)
    this.#unload(room)
    return seen
  }

  /** The room from memory, or as it was configured. */
  #load(rid: Rid): Room {
    const known = this.#rooms.get(rid)
    if (known !== undefined) {
      this.#idle.delete(known)
      return known
    }
    const { bus, store, nextTopic } = this.#context
    const room = new Room(rid, bus.links.length, nextTopic)
    readRoom(store, room)
    this.#rooms.set(rid, room)
    return room
  }

  /** A room that nobody is in is forgotten: at once if it has nothing of its own, else after a while. */
  #unload(room: Room): void {
    if (room.size > 0) return
    if (room.record === undefined) this.#forget(room)
    else {
      this.#idle.delete(room)
      this.#idle.set(room, this.#context.clock.now())
    }
  }

  #forget(room: Room): void {
    if (room.size > 0 || this.#commits.isBusy(room)) return
    if (this.#rooms.get(room.rid) === room) this.#rooms.delete(room.rid)
  }
}
