import { type Answer, type Handlers, isRefused } from '../bus/calls.ts'
import { type ChatRecord, writeDeliver } from '../bus/records.ts'
import type { Methods, Pushed } from '../contract/methods.ts'
import { Command } from '../protocol/command.ts'
import { encodeFrame } from '../protocol/encode.ts'
import { ErrorCode } from '../protocol/error-code.ts'
import { DataKind } from '../protocol/json-format.ts'
import { Watch } from '../session/session.ts'
import { RetainedScope, ROOM_CAP_SETTING, type RoomRecord } from '../store/schema.ts'
import { idAt, key } from '../store/table.ts'
import { ListenerType } from '../transport/connection.ts'
import type { Id } from '../util/id.ts'
import { chatAckFrame, chatFrame, noticeFrame, pushFrame } from './frames.ts'
import { Ranking } from './ranking.ts'
import { type Member, Room } from './room.ts'
import { afterCommit, fanOut, isCongested, refused, type Shard } from './shard.ts'

type Args<M extends keyof Methods> = Methods[M]['args']
type RoomMethods = Pick<Handlers<Methods>, Extract<keyof Methods, `room${string}`>>
type Done = Record<string, never>

const newRecord: RoomRecord = { owner: 0, name: '', desc: '', cap: 0, closed: false }

/** The rooms that this worker owns. Every change of a room and every message in it goes through here, one at a time. */
export class Rooms {
  readonly handlers: RoomMethods = {
    roomCreate: args => this.#create(args),
    roomDismiss: args => this.#dismiss(args),
    roomJoin: (args, from) => this.#join(args, from),
    roomQuit: (args, from) => this.#quit(args, from),
    roomKick: args => this.#kick(args),
    roomPush: args => this.#push(args),
    roomOpen: args => this.#open(args),
    roomBlacklist: args => this.#blacklist(args),
    roomGag: args => this.#gag(args),
    roomCap: args => this.#cap(args),
    roomDefaultCap: args => this.#setDefaultCap(args),
    roomGroups: ({ rid }) => this.#groupsOf(rid),
    roomTop: ({ num }) => this.#ranking.top(num).map(({ id, count }) => ({ id, total: count })),
  }
  readonly #shard: Shard
  readonly #rooms = new Map<Id, Room>()
  readonly #changed = new Set<Room>()
  readonly #ranking = new Ranking()
  #defaultCap: number

  constructor(shard: Shard) {
    this.#shard = shard
    this.#defaultCap = shard.store.setting(ROOM_CAP_SETTING) ?? shard.options.roomCap
  }

  get size(): number {
    return this.#rooms.size
  }

  /** Delivers a chat to the sender's sub-group, or answers why not. */
  chat(chat: ChatRecord, from: number, block: Buffer, fieldsAt: number, end: number): void {
    const { bus, msgids } = this.#shard
    const room = this.#rooms.get(chat.target)
    const member = room?.members.get(chat.sid)
    let code: number = ErrorCode.OK.code
    let msgid: number | undefined
    if (room === undefined || member === undefined || member.cid !== chat.cid || member.worker !== from) {
      code = this.#load(chat.target).isClosed ? ErrorCode.CLOSED.code : ErrorCode.NOT_MEMBER.code
      this.#unload(chat.target)
    } else if (room.mayNotSpeak(chat.uid)) code = ErrorCode.GAGGED.code
    else if (isCongested(this.#shard, member.subGroup.workers)) code = ErrorCode.BUSY.code
    else {
      msgid = msgids.next()
      if (msgid === undefined) code = ErrorCode.BUSY.code
      else {
        const { gid, topic, workers } = member.subGroup
        const frame = chatFrame(Command.ROOM_CHAT, chat, { rid: room.rid, gid }, msgid, block, fieldsAt, end)
        fanOut(this.#shard, topic, workers, DataKind.BYTES, frame)
      }
    }
    const ackFrame = chatAckFrame(Command.ROOM_CHAT, chat, member?.subGroup.gid ?? 0, code, msgid ?? 0)
    writeDeliver(bus, from, chat.cid, DataKind.BYTES, ackFrame)
  }

  /** Tells those who subscribed to it the sizes that changed; call once a second. */
  tellCounts(): void {
    for (const room of this.#changed) {
      const size = room.members.size
      if (room.toldSize === size) continue
      room.toldSize = size
      const frame = encodeFrame(Command.ROOM_USR_NUM, 0, { rid: room.rid, num: size })
      const perListener = new Map<number, number>([
        [ListenerType.TCP, 0],
        [ListenerType.WS, 0],
      ])
      for (const { listener } of room.members.values()) perListener.set(listener, perListener.get(listener)! + 1)
      for (let worker = 0; worker < this.#shard.bus.workers; worker++) {
        if (!room.subGroups.some(({ workers }) => workers[worker]! > 0)) continue
        this.#tellCount(worker, room.rid, Watch.ROOM_USR_NUM, frame)
        for (const [listener, num] of perListener) {
          const body = { rid: room.rid, nid: this.#shard.options.nodeId * 10 + listener, num }
          this.#tellCount(worker, room.rid, Watch.ROOM_LSN_STAT, encodeFrame(Command.ROOM_LSN_STAT, 0, body))
        }
      }
    }
    this.#changed.clear()
  }

  /** A worker ended, and its sessions with it. */
  workerLost(worker: number): void {
    for (const room of this.#rooms.values()) {
      for (const member of room.members.values()) if (member.worker === worker) this.#take(room, member)
      this.#unload(room.rid)
    }
  }

  #create({ rid, uid, name, desc }: Args<'roomCreate'>): Answer<Done> | Promise<Answer<Done>> {
    const room = this.#load(rid)
    if (room.record !== undefined || room.members.size > 0) return refused('NOT_ALLOWED', 'the room exists')
    return this.#configure(room, { owner: uid, name, desc })
  }

  #dismiss({ rid, by }: Args<'roomDismiss'>): Answer<Done> | Promise<Answer<Done>> {
    const room = this.#load(rid)
    if (room.isClosed) return refused('CLOSED')
    if (by !== undefined && by !== room.owner) return this.#notAllowed(room)
    for (const member of room.members.values()) {
      this.#remove(room, member, noticeFrame(Command.ROOM_DISMISS_NTF, { uid: room.owner, rid }))
    }
    return this.#configure(room, { closed: true })
  }

  #join(
    { rid, uid, sid, cid, listener, isBack }: Args<'roomJoin'>,
    from: number,
  ): Answer<Methods['roomJoin']['reply']> {
    const room = this.#load(rid)
    const refusal = room.isClosed ? 'CLOSED' : room.mayNotEnter(uid) ? 'BLACKLISTED' : undefined
    if (refusal !== undefined) {
      this.#unload(rid)
      return refused(refusal)
    }
    const isNew = !room.members.has(sid)
    if (isNew && isBack === undefined) this.#notify(room, Command.ROOM_JOIN_NTF, uid, 1)
    const member = room.join(sid, uid, cid, from, listener, this.#capOf(room))
    if (isNew) this.#ranking.increase(rid)
    this.#changed.add(room)
    if (isNew && isBack === undefined && this.#shard.retained.has(RetainedScope.ROOM, rid)) {
      const address = { sid, cid, worker: from }
      this.#shard.calls.defer(() => this.#shard.retained.catchUp(RetainedScope.ROOM, rid, address))
    }
    return { gid: member.subGroup.gid, topic: member.subGroup.topic }
  }

  #quit({ rid, sid, cid }: Args<'roomQuit'>, from: number): Answer<Done> {
    const room = this.#rooms.get(rid)
    const member = room?.members.get(sid)
    // A late word of an older connection changes nothing.
    if (room === undefined || member === undefined || member.cid !== cid || member.worker !== from)
      return refused('NOT_MEMBER')
    this.#take(room, member)
    this.#shard.calls.defer(() => {
      this.#notify(room, Command.ROOM_QUIT_NTF, member.uid, 0)
      this.#unload(rid)
    })
    return {}
  }

  #kick({ rid, uid, by }: Args<'roomKick'>): Answer<Done> {
    const room = this.#load(rid)
    if (by !== undefined && by !== room.owner) return this.#notAllowed(room)
    const sessions = room.sessionsOf(uid)
    if (sessions.length === 0) return refused('NOT_MEMBER')
    const notice = noticeFrame(Command.ROOM_KICK_NTF, { uid, rid })
    for (const member of sessions) this.#remove(room, member, notice)
    this.#notify(room, Command.ROOM_KICK_NTF, uid, 0)
    return {}
  }

  #push({ rid, data, dataKind, expire }: Args<'roomPush'>): Answer<Pushed> | Promise<Answer<Pushed>> {
    const room = this.#load(rid)
    const msgid = room.isClosed || this.#isBusy(room) ? undefined : this.#shard.msgids.next()
    if (msgid === undefined) {
      this.#unload(rid)
      return refused(room.isClosed ? 'CLOSED' : 'BUSY')
    }
    const pushed = { msgid, total: room.members.size }
    const frame = pushFrame(Command.ROOM_BC, { rid }, msgid, expire, data)
    for (const { topic, workers } of room.subGroups) fanOut(this.#shard, topic, workers, dataKind, frame)
    this.#unload(rid)
    if (expire === 0) return pushed
    const kept = { expiresAt: Date.now() + expire * 1000, dataKind, frame: Buffer.from(frame) }
    this.#shard.retained.add(RetainedScope.ROOM, rid, msgid, kept)
    return afterCommit(this.#shard, pushed, () => undefined)
  }

  #isBusy({ subGroups }: Room): boolean {
    for (const { workers } of subGroups) if (isCongested(this.#shard, workers)) return true
    return false
  }

  #open({ rid }: Args<'roomOpen'>): Promise<Answer<Done>> {
    return this.#configure(this.#load(rid), { closed: false })
  }

  /** Puts a user on the blacklist, and all his sessions out of the room, or takes him off it. */
  #blacklist({ rid, uid, on }: Args<'roomBlacklist'>): Promise<Answer<Done>> {
    const room = this.#load(rid)
    if (on) {
      room.blacklist(uid, true)
      this.#shard.store.tables.roomBlacklist.put(key(rid, uid), 1)
      const sessions = room.sessionsOf(uid)
      const notice = noticeFrame(Command.ROOM_KICK_NTF, { uid, rid })
      for (const member of sessions) this.#remove(room, member, notice)
      if (sessions.length > 0) this.#notify(room, Command.ROOM_KICK_NTF, uid, 0)
    } else {
      room.blacklist(uid, false)
      this.#shard.store.tables.roomBlacklist.remove(key(rid, uid))
    }
    return this.#configure(room, {})
  }

  #gag({ rid, uid, on }: Args<'roomGag'>): Promise<Answer<Done>> {
    const room = this.#load(rid)
    if (on) {
      room.gag(uid, true)
      this.#shard.store.tables.roomGags.put(key(rid, uid), 1)
    } else {
      room.gag(uid, false)
      this.#shard.store.tables.roomGags.remove(key(rid, uid))
    }
    return this.#configure(room, {})
  }

  async #cap({ rid, cap }: Args<'roomCap'>): Promise<Answer<{ cap: number }>> {
    const room = this.#load(rid)
    if (cap === undefined) {
      const current = this.#capOf(room)
      this.#unload(rid)
      return { cap: current }
    }
    const stored = this.#configure(room, { cap })
    room.capChanged()
    const answer = await stored
    return isRefused(answer) ? answer : { cap }
  }

  #setDefaultCap({ cap }: Args<'roomDefaultCap'>): Answer<Done> {
    this.#defaultCap = cap
    for (const room of this.#rooms.values()) room.capChanged()
    return {}
  }

  #groupsOf(rid: Id): { gid: number; total: number }[] {
    return this.#rooms.get(rid)?.subGroups.map(({ gid, size }) => ({ gid, total: size })) ?? []
  }

  #capOf(room: Room): number {
    return room.record?.cap || this.#defaultCap
  }

  /** Changes the configuration: at once in memory, and acknowledged when it is on the disk. */
  #configure(room: Room, change: Partial<RoomRecord>): Promise<Answer<Done>> {
    room.record = { ...newRecord, ...room.record, ...change }
    this.#shard.store.tables.rooms.put(key(room.rid), room.record)
    return afterCommit(this.#shard, {}, () => this.#read(room))
  }

  #notAllowed(room: Room) {
    this.#unload(room.rid)
    return refused('NOT_ALLOWED')
  }

  /** Takes a member out who did not ask for it: its session is told. */
  #remove(room: Room, member: Member, notice: Buffer): void {
    this.#take(room, member)
    this.#shard.calls.tell(member.worker, 'sessionLeftRoom', { cid: member.cid, rid: room.rid, notice })
  }

  #take(room: Room, member: Member): void {
    room.leave(member)
    this.#ranking.decrease(room.rid)
    this.#changed.add(room)
    this.#shard.retained.left(RetainedScope.ROOM, room.rid, member.sid)
  }

  /** A notice to everybody in the room, unless it is a large one. @param coming who will be in it next to those there */
  #notify(room: Room, command: Command, uid: Id, coming: number): void {
    if (room.members.size === 0 || room.members.size + coming > this.#shard.options.noticeMembersMax) return
    const frame = noticeFrame(command, { uid, rid: room.rid })
    for (const { topic, workers } of room.subGroups) fanOut(this.#shard, topic, workers, DataKind.BYTES, frame)
  }

  #tellCount(worker: number, rid: Id, watch: number, frame: Buffer): void {
    this.#shard.calls.tell(worker, 'sessionRoomCounts', { rid, watch, frame })
  }

  /** The room as it is in memory, or as it was configured. */
  #load(rid: Id): Room {
    let room = this.#rooms.get(rid)
    if (room !== undefined) return room
    room = new Room(rid, this.#shard.bus.workers, this.#shard.nextTopic)
    this.#rooms.set(rid, room)
    this.#read(room)
    return room
  }

  /** What was configured, in place of what memory has. A room without a record has never been. */
  #read(room: Room): void {
    const { tables } = this.#shard.store
    const { rid } = room
    room.clearLists()
    room.record = tables.rooms.get(key(rid))
    if (room.record !== undefined) {
      for (const found of tables.roomBlacklist.keys(key(rid))) room.blacklist(idAt(found, 1), true)
      for (const found of tables.roomGags.keys(key(rid))) room.gag(idAt(found, 1), true)
    }
  }

  /** Forgets a room that nobody is in and that has nothing of its own; it comes back with the next join. */
  #unload(rid: Id): void {
    const room = this.#rooms.get(rid)
    if (room !== undefined && room.members.size === 0 && room.record === undefined) this.#rooms.delete(rid)
  }
}
