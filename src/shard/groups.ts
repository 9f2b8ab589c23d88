import { type Answer, type Handlers, isRefused, type Refused } from '../bus/calls.ts'
import { type ChatRecord, writeDeliver } from '../bus/records.ts'
import type { Methods, Pushed } from '../contract/methods.ts'
import { Command } from '../protocol/command.ts'
import { encodeFrame } from '../protocol/encode.ts'
import { ErrorCode } from '../protocol/error-code.ts'
import { DataKind } from '../protocol/json-format.ts'
import { RetainedScope, Role } from '../store/schema.ts'
import { idAt, key } from '../store/table.ts'
import type { Id } from '../util/id.ts'
import { chatAckFrame, chatFrame, noticeFrame, pushFrame } from './frames.ts'
import { type Attached, Group } from './group.ts'
import { readGroup, removeMember, setListed, setMember, setRecord } from './group-store.ts'
import { Ranking } from './ranking.ts'
import { afterCommit, fanOut, isCongested, refused, type Shard } from './shard.ts'

type Args<M extends keyof Methods> = Methods[M]['args']
type GroupMethods = Pick<Handlers<Methods>, Extract<keyof Methods, `group${string}`>>
type Done = Record<string, never>

/** A group that nobody is online in is forgotten after this time; it is read again when it is needed. */
const IDLE_MAX_MS = 60_000

/**
 * The groups that this worker owns. A change is in memory at once, so that what follows it is judged by it, and is
 * acknowledged when it is on the disk.
 */
export class Groups {
  readonly handlers: GroupMethods = {
    groupCreate: args => this.#create(args),
    groupDismiss: args => this.#dismiss(args),
    groupJoin: args => this.#join(args),
    groupQuit: args => this.#quit(args),
    groupKick: args => this.#kick(args),
    groupGag: args => this.#gag(args),
    groupBlacklist: args => this.#blacklist(args),
    groupManager: args => this.#manager(args),
    groupMembers: args => this.#members(args),
    groupInvite: args => this.#invite(args),
    groupPush: args => this.#push(args),
    groupOpen: args => this.#open(args),
    groupUids: args => this.#uids(args),
    groupCap: args => this.#cap(args),
    groupTop: ({ num, by }) => this.#rankings[by].top(num).map(({ id, count }) => ({ id, total: count })),
    groupAttach: (args, from) => this.#attach(args, from),
    groupDetach: (args, from) => this.#detach(args, from),
  }
  readonly #shard: Shard
  readonly #groups = new Map<Id, { readonly group: Group; usedAt: number; writing: number }>()

  readonly #rankings = { members: new Ranking(), messages: new Ranking() }
  /** Groups whose count of messages is not yet as it is on the disk. */
  readonly #counted = new Set<Id>()

  constructor(shard: Shard) {
    this.#shard = shard
    const members: { id: Id; count: number }[] = []
    const messages: { id: Id; count: number }[] = []
    for (const entry of shard.store.tables.groupCounts.list()) {
      const id = idAt(entry.key, 0)
      if (shard.placement.ownerOf(id) !== shard.bus.self) continue
      if (entry.value.members > 0) members.push({ id, count: entry.value.members })
      if (entry.value.messages > 0) messages.push({ id, count: entry.value.messages })
    }
    this.#rankings.members.load(members)
    this.#rankings.messages.load(messages)
  }

  get size(): number {
    return this.#groups.size
  }

  chat(chat: ChatRecord, from: number, block: Buffer, fieldsAt: number, end: number): void {
    const { bus, msgids } = this.#shard
    const group = this.#load(chat.target)
    const session = group.online.get(chat.sid)
    let code: number = ErrorCode.OK.code
    let msgid: number | undefined
    const unusable = this.#unusable(group)
    if (unusable !== undefined) code = unusable.refused
    else if (session === undefined || session.cid !== chat.cid || session.worker !== from)
      code = ErrorCode.NOT_MEMBER.code
    else if (group.mayNotSpeak(chat.uid)) code = ErrorCode.GAGGED.code
    else if (isCongested(this.#shard, group.workers)) code = ErrorCode.BUSY.code
    else {
      msgid = msgids.next()
      if (msgid === undefined) code = ErrorCode.BUSY.code
      else {
        const frame = chatFrame(Command.GROUP_CHAT, chat, { gid: group.gid }, msgid, block, fieldsAt, end)
        fanOut(this.#shard, group.topic, group.workers, DataKind.BYTES, frame)
        this.#rankings.messages.increase(group.gid)
        this.#counted.add(group.gid)
      }
    }
    writeDeliver(bus, from, chat.cid, DataKind.BYTES, chatAckFrame(Command.GROUP_CHAT, chat, 0, code, msgid ?? 0))
  }

  /** Brings the counts of messages to the disk; call every now and then, and at the end. */
  saveCounts(): void {
    for (const gid of this.#counted) this.#saveCount(gid)
    this.#counted.clear()
  }

  /** A worker ended, and its sessions with it. */
  workerLost(worker: number): void {
    for (const { group } of this.#groups.values()) {
      for (const session of group.online.values()) if (session.worker === worker) this.#leave(group, session)
    }
  }

  /** Forgets what has been idle; call every now and then. */
  prune(now: number): void {
    for (const [gid, { group, usedAt, writing }] of this.#groups) {
      if (writing === 0 && group.online.size === 0 && now - usedAt > IDLE_MAX_MS) this.#groups.delete(gid)
    }
  }

  #create({ gid, uid, name, desc, sid }: Args<'groupCreate'>): Answer<Done> | Promise<Answer<Done>> {
    const group = this.#load(gid)
    if (group.record !== undefined) return refused('NOT_ALLOWED', 'the group exists')
    const { store } = this.#shard
    this.#keep(group)
    setRecord(store, group, { owner: uid, name, desc, cap: 0, closed: false })
    this.#add(group, uid, Role.OWNER)
    return this.#stored(group, () => this.#attachUser(group, uid, sid))
  }

  #dismiss({ gid, by }: Args<'groupDismiss'>): Answer<Done> | Promise<Answer<Done>> {
    const group = this.#load(gid)
    const refusal = this.#unusable(group) ?? this.#needs(group, by, Role.OWNER)
    if (refusal !== undefined) return refusal
    const { store } = this.#shard
    const notice = noticeFrame(Command.GROUP_DISMISS_NTF, { uid: by ?? group.record!.owner, gid })
    for (const session of group.online.values()) this.#remove(group, session, notice)
    for (const uid of group.members.keys()) removeMember(store, group, uid)
    this.#rankings.members.remove(gid)
    this.#saveCount(gid)
    setRecord(store, group, { ...group.record!, closed: true })
    return this.#stored(group)
  }

  #join({ gid, uid, sid }: Args<'groupJoin'>): Answer<Done> | Promise<Answer<Done>> {
    const group = this.#load(gid)
    const unusable = this.#unusable(group)
    if (unusable !== undefined) return unusable
    if (group.blacklist.has(uid)) return refused('BLACKLISTED')
    if (!group.members.has(uid)) {
      if (group.members.size >= this.#capOf(group)) return refused('FULL')
      if (group.online.size < this.#shard.options.noticeMembersMax) this.#notify(group, Command.GROUP_JOIN_NTF, uid)
      this.#add(group, uid, uid === group.record!.owner ? Role.OWNER : Role.MEMBER)
    }
    return this.#stored(group, () => this.#attachUser(group, uid, sid))
  }

  #quit({ gid, uid, sid }: Args<'groupQuit'>): Answer<Done> | Promise<Answer<Done>> {
    const group = this.#load(gid)
    const unusable = this.#unusable(group)
    if (unusable !== undefined) return unusable
    if (!group.members.has(uid)) return refused('NOT_MEMBER')
    if (group.roleOf(uid) === Role.OWNER) return refused('NOT_ALLOWED', 'the owner dismisses the group instead')
    this.#expel(group, uid, Command.GROUP_QUIT_NTF, sid)
    if (group.online.size <= this.#shard.options.noticeMembersMax) this.#notify(group, Command.GROUP_QUIT_NTF, uid)
    return this.#stored(group)
  }

  #kick({ gid, uid, by }: Args<'groupKick'>): Answer<Done> | Promise<Answer<Done>> {
    const group = this.#load(gid)
    const refusal = this.#unusable(group) ?? this.#needs(group, by, Role.MANAGER, uid)
    if (refusal !== undefined) return refusal
    if (!group.members.has(uid)) return refused('NOT_MEMBER')
    this.#expel(group, uid, Command.GROUP_KICK_NTF)
    this.#notify(group, Command.GROUP_KICK_NTF, uid)
    return this.#stored(group)
  }

  #gag({ gid, uid, on, by }: Args<'groupGag'>): Answer<Done> | Promise<Answer<Done>> {
    const group = this.#load(gid)
    const refusal = this.#unusable(group) ?? this.#needs(group, by, Role.MANAGER, uid)
    if (refusal !== undefined) return refusal
    setListed(this.#shard.store, group, 'gags', uid, on)
    this.#notify(group, on ? Command.GROUP_GAG_ADD_NTF : Command.GROUP_GAG_DEL_NTF, uid)
    return this.#stored(group)
  }

  #blacklist({ gid, uid, on, by }: Args<'groupBlacklist'>): Answer<Done> | Promise<Answer<Done>> {
    const group = this.#load(gid)
    const refusal = this.#unusable(group) ?? this.#needs(group, by, Role.MANAGER, uid)
    if (refusal !== undefined) return refusal
    setListed(this.#shard.store, group, 'blacklist', uid, on)
    if (on && group.members.has(uid)) this.#expel(group, uid, Command.GROUP_BL_ADD_NTF)
    this.#notify(group, on ? Command.GROUP_BL_ADD_NTF : Command.GROUP_BL_DEL_NTF, uid)
    return this.#stored(group)
  }

  #manager({ gid, uid, on, by }: Args<'groupManager'>): Answer<Done> | Promise<Answer<Done>> {
    const group = this.#load(gid)
    const refusal = this.#unusable(group) ?? this.#needs(group, by, Role.OWNER, uid)
    if (refusal !== undefined) return refusal
    if (!group.members.has(uid)) return refused('NOT_MEMBER')
    setMember(this.#shard.store, group, uid, on ? Role.MANAGER : Role.MEMBER)
    this.#notify(group, on ? Command.GROUP_MGR_ADD_NTF : Command.GROUP_MGR_DEL_NTF, uid)
    return this.#stored(group)
  }

  #members({ gid, num, by }: Args<'groupMembers'>): Answer<Methods['groupMembers']['reply']> {
    const group = this.#load(gid)
    const unusable = this.#unusable(group)
    if (unusable !== undefined) return unusable
    if (by !== undefined && !group.members.has(by)) return refused('NOT_MEMBER')
    const all = Array.from(group.members, ([uid, role]) => ({ uid, role }))
    return { list: num === 0 ? all : all.slice(0, num) }
  }

  #open({ gid }: Args<'groupOpen'>): Answer<Done> | Promise<Answer<Done>> {
    const group = this.#load(gid)
    if (group.record === undefined) return refused('NO_SUCH_GROUP')
    setRecord(this.#shard.store, group, { ...group.record, closed: false })
    return this.#stored(group)
  }

  #uids({ gid, list }: Args<'groupUids'>): Answer<Id[]> {
    const group = this.#load(gid)
    if (group.record === undefined) return refused('NO_SUCH_GROUP')
    return [...group[list].keys()]
  }

  async #cap({ gid, cap }: Args<'groupCap'>): Promise<Answer<{ cap: number }>> {
    const group = this.#load(gid)
    if (group.record === undefined) return refused('NO_SUCH_GROUP')
    if (cap === undefined) return { cap: this.#capOf(group) }
    setRecord(this.#shard.store, group, { ...group.record, cap })
    const answer = await this.#stored(group)
    return isRefused(answer) ? answer : { cap }
  }

  #capOf(group: Group): number {
    return group.record?.cap || this.#shard.options.groupCap
  }

  async #invite({ gid, to, by }: Args<'groupInvite'>): Promise<Answer<Done>> {
    const group = this.#load(gid)
    const unusable = this.#unusable(group)
    if (unusable !== undefined) return unusable
    if (!group.members.has(by)) return refused('NOT_MEMBER')
    const { calls, placement } = this.#shard
    const frame = encodeFrame(Command.GROUP_INVITE, 0, { uid: by, gid, to })
    const answer = await calls.ask(placement.ownerOf(to), 'userDeliver', { uid: to, frame })
    if (isRefused(answer)) return answer
    return answer.total > 0 ? {} : refused('USER_OFFLINE')
  }

  #push({ gid, data, dataKind, expire }: Args<'groupPush'>): Answer<Pushed> | Promise<Answer<Pushed>> {
    const group = this.#load(gid)
    const unusable = this.#unusable(group)
    if (unusable !== undefined) return unusable
    const msgid = isCongested(this.#shard, group.workers) ? undefined : this.#shard.msgids.next()
    if (msgid === undefined) return refused('BUSY')
    const pushed = { msgid, total: group.online.size }
    const frame = pushFrame(Command.GROUP_BC, { gid }, msgid, expire, data)
    fanOut(this.#shard, group.topic, group.workers, dataKind, frame)
    if (expire === 0) return pushed
    const expiresAt = Date.now() + expire * 1000
    this.#shard.retained.add(RetainedScope.GROUP, gid, msgid, { expiresAt, dataKind, frame: Buffer.from(frame) })
    return afterCommit(this.#shard, pushed, () => undefined)
  }

  #attach(
    { gid, uid, sid, cid, isBack }: Args<'groupAttach'>,
    worker: number,
  ): Answer<Methods['groupAttach']['reply']> {
    const group = this.#load(gid)
    if (!group.members.has(uid)) return refused('NOT_MEMBER')
    const session = { sid, cid, uid, worker }
    if (this.#attachNew(group, session) && isBack === undefined) {
      const { calls, retained } = this.#shard
      calls.defer(() => retained.catchUp(RetainedScope.GROUP, gid, session))
    }
    return { topic: group.topic }
  }

  #detach({ gid, sid, cid }: Args<'groupDetach'>, from: number): Answer<Done> {
    const group = this.#load(gid)
    const session = group.online.get(sid)
    if (session?.cid === cid && session.worker === from) this.#leave(group, session)
    return {}
  }

  /** All sessions of the user get what the group says from now on. The membership is on the disk: a session that signs in
   *  meanwhile finds it there. @param bySid the session that knows by its ack */
  async #attachUser(group: Group, uid: Id, bySid: Id | undefined): Promise<void> {
    const { calls, placement } = this.#shard
    const { gid, topic } = group
    const sessions = await calls.ask(placement.ownerOf(uid), 'userSessions', { uid })
    if (isRefused(sessions) || !group.members.has(uid)) return
    for (const { sid, cid, worker } of sessions) {
      const notice = sid === bySid ? {} : { notice: noticeFrame(Command.GROUP_JOIN_NTF, { uid, gid }) }
      calls.tell(worker, 'sessionInGroup', { cid, sid, gid, topic, ...notice })
      const session = { sid, cid, uid, worker }
      if (this.#attachNew(group, session)) this.#shard.retained.catchUp(RetainedScope.GROUP, gid, session)
    }
  }

  /** @returns whether the session has not had what was pushed before and is still valid */
  #attachNew(group: Group, session: Attached): boolean {
    const known = group.online.get(session.sid)
    return group.attach(session) && known === undefined
  }

  /** The user is a member no more; his sessions are told, but for the one that asked. */
  #expel(group: Group, uid: Id, command: Command, bySid?: Id): void {
    const notice = noticeFrame(command, { uid, gid: group.gid })
    for (const session of group.sessionsOf(uid)) {
      this.#remove(group, session, session.sid === bySid ? undefined : notice)
    }
    this.#drop(group, uid)
  }

  #add(group: Group, uid: Id, role: Role): void {
    setMember(this.#shard.store, group, uid, role)
    this.#rankings.members.increase(group.gid)
    this.#saveCount(group.gid)
  }

  #drop(group: Group, uid: Id): void {
    removeMember(this.#shard.store, group, uid)
    this.#rankings.members.decrease(group.gid)
    this.#saveCount(group.gid)
  }

  #remove(group: Group, session: Attached, notice: Buffer | undefined): void {
    this.#leave(group, session)
    const args = { cid: session.cid, gid: group.gid }
    this.#shard.calls.tell(session.worker, 'sessionLeftGroup', notice === undefined ? args : { ...args, notice })
  }

  #leave(group: Group, session: Attached): void {
    group.detach(session)
    this.#shard.retained.left(RetainedScope.GROUP, group.gid, session.sid)
  }

  #notify(group: Group, command: Command, uid: Id): void {
    fanOut(this.#shard, group.topic, group.workers, DataKind.BYTES, noticeFrame(command, { uid, gid: group.gid }))
  }

  #saveCount(gid: Id): void {
    const { members, messages } = this.#rankings
    const counts = { members: members.countOf(gid), messages: messages.countOf(gid) }
    this.#shard.store.tables.groupCounts.put(key(gid), counts)
  }

  #unusable(group: Group): Refused | undefined {
    if (group.record === undefined) return refused('NO_SUCH_GROUP')
    return group.record.closed ? refused('CLOSED') : undefined
  }

  /** Nobody acts on one of his own rank or above. @param by absent: the HTTP API, which may do all */
  #needs(group: Group, by: Id | undefined, role: Role, on: Id = 0): Refused | undefined {
    if (by === undefined) return undefined
    if (!group.members.has(by)) return refused('NOT_MEMBER')
    const rank = group.roleOf(by)
    return rank < role || (on !== 0 && group.roleOf(on) >= rank) ? refused('NOT_ALLOWED') : undefined
  }

  /** Answers when the change is on the disk; else the group is again what the disk has. @param then before the answer */
  async #stored(group: Group, then?: () => Promise<void>): Promise<Answer<Done>> {
    const entry = this.#groups.get(group.gid)!
    entry.writing++
    try {
      const answer = await afterCommit(this.#shard, {}, () => this.#reread(group))
      if (!isRefused(answer)) await then?.()
      return answer
    } finally {
      entry.writing--
    }
  }

  #reread(group: Group): void {
    readGroup(this.#shard.store, group)
    const { members } = this.#rankings
    while (members.countOf(group.gid) < group.members.size) members.increase(group.gid)
    while (members.countOf(group.gid) > group.members.size) members.decrease(group.gid)
  }

  /** The group as it is in memory, or as it was stored; `record` says whether there is one. One that is none is not kept. */
  #load(gid: Id): Group {
    const usedAt = performance.now()
    const entry = this.#groups.get(gid)
    if (entry !== undefined) {
      entry.usedAt = usedAt
      return entry.group
    }
    const group = new Group(gid, this.#shard.bus.workers)
    readGroup(this.#shard.store, group)
    if (group.record !== undefined) this.#keep(group)
    return group
  }

  #keep(group: Group): void {
    group.topic = this.#shard.nextTopic()
    this.#groups.set(group.gid, { group, usedAt: performance.now(), writing: 0 })
  }
}
