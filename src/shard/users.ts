import type { Answer, Handlers } from '../bus/calls.ts'
import { type ChatRecord, writeDeliver } from '../bus/records.ts'
import type { Methods, Pushed, SessionAddress } from '../contract/methods.ts'
import { Command } from '../protocol/command.ts'
import { ErrorCode } from '../protocol/error-code.ts'
import { DataKind } from '../protocol/json-format.ts'
import { RetainedScope } from '../store/schema.ts'
import { idAt, key } from '../store/table.ts'
import type { Id } from '../util/id.ts'
import { chatAckFrame, chatFrame, pushFrame } from './frames.ts'
import { afterCommit, refused, type Shard } from './shard.ts'

type Args<M extends keyof Methods> = Methods[M]['args']
type UserMethods = Pick<Handlers<Methods>, Extract<keyof Methods, `user${string}`>>

/** A user with at least one session online. */
interface User {
  readonly uid: Id
  sessions: SessionAddress[]
  /** Whom the user blocks and mutes; read when first needed. */
  blocks: Set<Id> | undefined
  mutes: Set<Id> | undefined
}

/** The users that this worker owns: their sessions on all workers, private chat, and pushes to them. */
export class Users {
  readonly handlers: UserMethods = {
    userOnline: (args, from) => this.#online(args, from),
    userOffline: (args, from) => this.#offline(args, from),
    userSessions: ({ uid }) => this.#users.get(uid)?.sessions ?? [],
    userPush: args => this.#push(args),
    userRelation: args => this.#relate(args),
    userDeliver: args => this.#deliver(args),
  }
  readonly #shard: Shard
  readonly #users = new Map<Id, User>()
  readonly #onCount: (users: number) => void

  /** @param onCount gets the number of users online whenever it changes */
  constructor(shard: Shard, onCount: (users: number) => void) {
    this.#shard = shard
    this.#onCount = onCount
  }

  chat(chat: ChatRecord, from: number, block: Buffer, fieldsAt: number, end: number): void {
    const { bus, calls, msgids, placement } = this.#shard
    const user = this.#users.get(chat.target)
    let code: number = ErrorCode.OK.code
    let msgid: number | undefined
    if (user === undefined) code = ErrorCode.USER_OFFLINE.code
    else if (this.#blocks(user).has(chat.uid)) code = ErrorCode.BLACKLISTED.code
    else if (this.#isBusy(user.sessions)) code = ErrorCode.BUSY.code
    else {
      msgid = msgids.next()
      if (msgid === undefined) code = ErrorCode.BUSY.code
      else {
        const frame = chatFrame(Command.CHAT, chat, {}, msgid, block, fieldsAt, end)
        if (!this.#mutes(user).has(chat.uid)) {
          for (const { worker, cid } of user.sessions) writeDeliver(bus, worker, cid, DataKind.BYTES, frame)
        }
        if (chat.uid !== chat.target) {
          const copy = { uid: chat.uid, exceptSid: chat.sid, frame: Buffer.from(frame) }
          calls.tell(placement.ownerOf(chat.uid), 'userDeliver', copy)
        }
      }
    }
    writeDeliver(bus, from, chat.cid, DataKind.BYTES, chatAckFrame(Command.CHAT, chat, 0, code, msgid ?? 0))
  }

  /** A worker ended, and its sessions with it. */
  workerLost(worker: number): void {
    for (const user of this.#users.values()) {
      user.sessions = user.sessions.filter(session => session.worker !== worker)
      this.#forgetIfGone(user)
    }
  }

  /** The newer connection of a sid wins; the older one is told to go. */
  #online({ uid, sid, cid, isBack }: Args<'userOnline'>, from: number): Answer<Methods['userOnline']['reply']> {
    const { broadcasts, calls, retained } = this.#shard
    let user = this.#users.get(uid)
    if (user === undefined) {
      user = { uid, sessions: [], blocks: undefined, mutes: undefined }
      this.#users.set(uid, user)
      this.#onCount(this.#users.size)
    }
    const older = user.sessions.find(session => session.sid === sid)
    const isSame = older?.cid === cid && older.worker === from
    if (older !== undefined && !isSame) calls.tell(older.worker, 'sessionReplaced', { cid: older.cid })
    const address = { sid, cid, worker: from }
    user.sessions = user.sessions.filter(session => session !== older).concat([address])
    if (!isSame && isBack === undefined && retained.has(RetainedScope.USER, uid)) {
      if (older !== undefined) retained.left(RetainedScope.USER, uid, sid)
      calls.defer(() => retained.catchUp(RetainedScope.USER, uid, address))
    }
    // The older connection has had what went out until now; it has not yet said so.
    const isTakenOver = older !== undefined && !isSame
    return { broadcastsSeen: isTakenOver ? broadcasts.lastMsgid : retained.seenBy(RetainedScope.ALL, uid, sid) }
  }

  #offline({ uid, sid, cid, broadcastsSeen }: Args<'userOffline'>, from: number): Answer<Record<string, never>> {
    const { broadcasts, retained } = this.#shard
    if (broadcastsSeen > 0 && broadcasts.hasValid) retained.left(RetainedScope.ALL, uid, sid, broadcastsSeen)
    const user = this.#users.get(uid)
    const session = user?.sessions.find(one => one.sid === sid && one.cid === cid && one.worker === from)
    if (user === undefined || session === undefined) return {}
    user.sessions = user.sessions.filter(one => one !== session)
    retained.left(RetainedScope.USER, uid, sid)
    this.#forgetIfGone(user)
    return {}
  }

  #push({ uid, sid, data, dataKind, expire }: Args<'userPush'>): Answer<Pushed> | Promise<Answer<Pushed>> {
    const { bus, msgids, retained } = this.#shard
    const all = this.#users.get(uid)?.sessions ?? []
    const sessions = sid === undefined ? all : all.filter(session => session.sid === sid)
    const msgid = this.#isBusy(sessions) ? undefined : msgids.next()
    if (msgid === undefined) return refused('BUSY')
    const frame = pushFrame(Command.P2P, {}, msgid, expire, data)
    for (const { worker, cid } of sessions) writeDeliver(bus, worker, cid, dataKind, frame)
    const pushed = { msgid, total: sessions.length }
    if (expire === 0) return pushed
    const kept = { expiresAt: Date.now() + expire * 1000, dataKind, frame: Buffer.from(frame), sid }
    retained.add(RetainedScope.USER, uid, msgid, kept)
    return afterCommit(this.#shard, pushed, () => undefined)
  }

  #relate({ uid, other, relation, on }: Args<'userRelation'>): Promise<Answer<Record<string, never>>> {
    const user = this.#users.get(uid)
    const table = relation === 'block' ? this.#shard.store.tables.userBlocks : this.#shard.store.tables.userMutes
    const set = user === undefined ? undefined : relation === 'block' ? this.#blocks(user) : this.#mutes(user)
    if (on) {
      set?.add(other)
      table.put(key(uid, other), 1)
    } else {
      set?.delete(other)
      table.remove(key(uid, other))
    }
    return afterCommit(this.#shard, {}, () => {
      if (user !== undefined) user.blocks = user.mutes = undefined
    })
  }

  #deliver({ uid, exceptSid, frame }: Args<'userDeliver'>): Answer<{ total: number }> {
    let total = 0
    for (const { sid, worker, cid } of this.#users.get(uid)?.sessions ?? []) {
      if (sid === exceptSid) continue
      writeDeliver(this.#shard.bus, worker, cid, DataKind.BYTES, frame)
      total++
    }
    return { total }
  }

  /** Whether the worker of one of the sessions takes so little that nothing more should be sent for a while. */
  #isBusy(sessions: readonly SessionAddress[]): boolean {
    for (const { worker } of sessions) if (this.#shard.bus.congested(worker)) return true
    return false
  }

  #blocks(user: User): Set<Id> {
    user.blocks ??= this.#others(this.#shard.store.tables.userBlocks.keys(key(user.uid)))
    return user.blocks
  }

  #mutes(user: User): Set<Id> {
    user.mutes ??= this.#others(this.#shard.store.tables.userMutes.keys(key(user.uid)))
    return user.mutes
  }

  #others(keys: readonly Buffer[]): Set<Id> {
    return new Set(keys.map(found => idAt(found, 1)))
  }

  #forgetIfGone(user: User): void {
    if (user.sessions.length > 0) return
    this.#users.delete(user.uid)
    this.#onCount(this.#users.size)
  }
}
