import { type Answer, type Done, type Refused, refused } from '../../contract/answer.ts'
import type { Handlers } from '../../contract/calls.ts'
import type { Args, Methods, Pushed, ReplyOf, SessionAddress } from '../../contract/methods.ts'
import { GROUPS_PAGE, PAGE_MAX, type Page } from '../../contract/page.ts'
import { type ChatRecord, writeDeliver } from '../../contract/records.ts'
import { StoredScope } from '../../contract/stored.ts'
import { Command } from '../../protocol/command.ts'
import { ErrorCode } from '../../protocol/error-code.ts'
import { DataKind } from '../../protocol/json-format.ts'
import type { Gid, Sid, Uid } from '../../util/id.ts'
import { Commits } from '../commits.ts'
import type { HomeContext } from '../context.ts'
import { SessionLine } from '../line.ts'
import type { Forum } from '../posting.ts'
import { type RelationChange, User } from './user.ts'

type UserMethods = Pick<
  Handlers<Methods>,
  'userOnline' | 'userOffline' | 'userSessions' | 'userPush' | 'userRelation' | 'userGroups' | 'userDeliver'
>

/** Users whose groups are looked up in one go. */
const REPLACED_SLICE = 100

/** A worker that is stuck keeps nobody waiting for longer who signs in again elsewhere. */
const REPLACED_MAX_MS = 500

export interface UserEvents {
  /** The number of users online changed. */
  online(users: number): void
  /** A device signed in. */
  signedIn(sid: Sid): void
}

/** The users whose home this worker is: their sessions on all workers, private chat, and pushes to them. */
export class Users implements Forum {
  readonly command = Command.CHAT
  readonly methods: UserMethods = {
    userOnline: (args, from) => this.#signIn(args, from),
    userOffline: (args, from) => this.#signOut(args, from),
    userSessions: ({ uid }) => [...(this.#users.get(uid)?.sessions ?? [])],
    userPush: args => this.#push(args),
    userRelation: args => this.#relate(args),
    userGroups: ({ uid, ...page }) => this.#groupsOf(uid, page),
    userDeliver: args => this.#deliverToOthers(args),
  }
  readonly #context: HomeContext
  /** Those with a session online, or with a change on its way. */
  readonly #users = new Map<Uid, User>()
  /** Devices whose older connections are being told to go. */
  readonly #replacing = new Map<Sid, Promise<unknown>>()
  readonly #commits: Commits<User, RelationChange>
  readonly #events: UserEvents
  #online = 0

  constructor(context: HomeContext, events: UserEvents) {
    this.#context = context
    this.#events = events
    this.#commits = new Commits(
      context,
      {
        apply: (user, change) => {
          // Both are read now: once a write is on its way, a later read of the disk would lack it.
          this.#blocks(user)
          this.#mutes(user)
          user.apply(change)
        },
        write: (user, change) => this.#write(user, change),
        tell: () => undefined,
        reread: user => {
          user.blocks = user.mutes = undefined
        },
      },
      context.onDefect,
    )
  }

  /** Those in memory. */
  get loaded(): Iterable<User> {
    return this.#users.values()
  }

  admit(chat: ChatRecord): SessionLine | number {
    const user = this.#users.get(chat.target as Uid)
    if (user === undefined || !user.isOnline) return ErrorCode.USER_OFFLINE.code
    return this.#blocks(user).has(chat.uid) ? ErrorCode.BLACKLISTED.code : user.line
  }

  subGroupOf(): number {
    return 0
  }

  /** To the user, unless he mutes the sender; and to the sender's other sessions. */
  deliver(line: SessionLine, chat: ChatRecord, frame: Buffer): void {
    const { bus, calls, placement } = this.#context
    const user = this.#users.get(chat.target as Uid)!
    if (!this.#mutes(user).has(chat.uid)) line.deliver(bus, DataKind.BYTES, frame)
    if (chat.uid === chat.target) return
    const copy = { uid: chat.uid, exceptSid: chat.sid, frame: Buffer.from(frame) }
    calls.tell(placement.homeOf(chat.uid), 'userDeliver', copy)
  }

  posted(): void {}

  /** A worker ended, and its sessions with it. */
  workerLost(worker: number): void {
    for (const user of this.#users.values()) {
      if (!user.isOnline) continue
      user.workerLost(worker)
      this.#gone(user)
    }
  }

  /**
   * A worker took the place of one that ended. It may have let a user into a group and ended before his sessions heard: they
   * hear it now, some users at a time.
   */
  workerReplaced(worker: number): void {
    const { calls, clock, placement } = this.#context
    const users = this.#users.values()
    const slice = () => {
      for (let count = 0; count < REPLACED_SLICE; count++) {
        const { value: user, done } = users.next()
        if (done === true) return
        const gids = this.#groupsOf(user.uid, { num: PAGE_MAX }).filter(gid => placement.homeOf(gid) === worker)
        if (gids.length === 0) continue
        for (const { worker: edge, cid } of user.sessions) calls.tell(edge, 'sessionGroups', { cid, gids })
      }
      clock.soon(slice)
    }
    slice()
  }

  /** Of two connections of a sid the one that connected later wins, whichever is heard of first; the other is told to go. */
  #signIn(
    args: Args<'userOnline'>,
    from: number,
  ): Answer<ReplyOf<'userOnline'>> | Promise<Answer<ReplyOf<'userOnline'>>> {
    const { uid, sid, cid, at, had, isBack } = args
    const { calls, stored } = this.#context
    const user = this.#load(uid)
    const address = { sid, cid, worker: from, at }
    const known = user.sessionOf(sid)
    if (known !== undefined && known.at > at) return refused('REPLACED')
    if (known === undefined && isBack === undefined) {
      const refusal = this.#mayEnter(user)
      if (refusal !== undefined) {
        this.#unload(user)
        return refusal
      }
    }
    const isSame = known?.cid === cid && known.worker === from
    const older = isSame ? undefined : known
    if (!user.isOnline) this.#events.online(++this.#online)
    user.enter(address)
    if (isBack === undefined) this.#events.signedIn(sid)
    // Read after the session is known: who makes the user a member now finds the session, and who did before is found here.
    const gids = this.#groupsOf(uid, { num: GROUPS_PAGE })
    const catchUp = (upTo?: number) => {
      if (isSame) return
      const known = Math.max(had, stored.marks.upTo(sid, StoredScope.USER, uid))
      stored.catchUp(StoredScope.USER, uid, address, known, upTo)
    }
    if (older === undefined && !this.#replacing.has(sid)) {
      if (stored.has(StoredScope.USER, uid)) calls.defer(catchUp)
      return { marks: stored.marks.of(sid), gids }
    }
    // What comes while the older one is told to go, comes by itself.
    const upTo = stored.newest(StoredScope.USER, uid)
    return this.#replaceAll(sid, older).then(() => {
      catchUp(upTo)
      return { marks: stored.marks.of(sid), gids }
    })
  }

  /** A device may change its connection faster than the older ones end: it waits for all of them. */
  async #replaceAll(sid: Sid, older: SessionAddress | undefined): Promise<void> {
    const before = this.#replacing.get(sid)
    const replaced = Promise.all([before, older === undefined ? undefined : this.#replace(older)])
    this.#replacing.set(sid, replaced)
    await replaced
    if (this.#replacing.get(sid) === replaced) this.#replacing.delete(sid)
  }

  /** Tells a connection to go. @returns when what it has had of stored pushes is known, or is not known in time */
  #replace({ worker, cid }: SessionAddress): Promise<void> {
    const { bus, calls, clock } = this.#context
    if (bus.congested(worker)) {
      // It is told behind all that waits; nobody can be asked now.
      calls.tell(worker, 'sessionReplaced', { cid })
      return Promise.resolve()
    }
    return new Promise(resolve => {
      const timer = clock.after(REPLACED_MAX_MS, resolve)
      calls.request(worker, 'sessionReplaced', { cid }, () => {
        clock.cancel(timer)
        resolve()
      })
    })
  }

  #groupsOf(uid: Uid, { num, after }: Page<Gid>): readonly Gid[] {
    const { store } = this.#context
    store.refresh()
    return store.tables.memberOf.page([uid], after, num).map(({ key: [, gid] }) => gid)
  }

  #signOut({ uid, sid, cid, marks }: Args<'userOffline'>, from: number): Answer<Done> {
    const { clock, stored } = this.#context
    stored.marks.set(uid, sid, marks, clock.wall())
    const user = this.#users.get(uid)
    if (user?.leave(sid, cid, from) !== true) return {}
    this.#gone(user)
    return {}
  }

  #push({ uid, sid, ...args }: Args<'userPush'>): Answer<Pushed> | Promise<Answer<Pushed>> {
    const line = this.#users.get(uid)?.line ?? new SessionLine(uid, [])
    const readers = sid === undefined ? line : new SessionLine(uid, only(line.sessions.get(sid)))
    return this.#context.posting.push({ command: Command.P2P, readers, scope: StoredScope.USER, of: uid, sid }, args)
  }

  async #relate({ uid, other, relation, on }: Args<'userRelation'>): Promise<Answer<Done>> {
    const user = this.#load(uid)
    const answer = await this.#commits.make(user, () => this.#mayRelate(user, other, on) ?? [{ relation, other, on }])
    this.#unload(user)
    return answer
  }

  /** One more session of the user. */
  #mayEnter({ uid, line }: User): Refused | undefined {
    const { limits } = this.#context
    const max = limits.of('sessionsPerUidMax')
    if (max === 0 || line.size < max || !limits.exceeded('sessionsPerUidMax', 'uid', uid)) return undefined
    return refused('RATE_USER', `too many sessions: a user may have ${max} online`)
  }

  /** Nobody blocks and mutes without end. */
  #mayRelate(user: User, other: Uid, on: boolean): Refused | undefined {
    const { limits } = this.#context
    const max = limits.of('relationsPerUserMax')
    if (!on || max === 0) return undefined
    const [blocks, mutes] = [this.#blocks(user), this.#mutes(user)]
    if (blocks.has(other) || mutes.has(other) || blocks.size + mutes.size < max) return undefined
    if (!limits.exceeded('relationsPerUserMax', 'uid', user.uid)) return undefined
    return refused('RATE_USER', `too many users are blocked or muted: at most ${max}`)
  }

  #deliverToOthers({ uid, exceptSid, frame }: Args<'userDeliver'>): Answer<ReplyOf<'userDeliver'>> {
    let total = 0
    for (const { sid, worker, cid } of this.#users.get(uid)?.sessions ?? []) {
      if (sid === exceptSid) continue
      writeDeliver(this.#context.bus, worker, cid, DataKind.BYTES, frame)
      total++
    }
    return { total }
  }

  #blocks(user: User): Set<Uid> {
    user.blocks ??= new Set(this.#context.store.tables.userBlocks.keys([user.uid]).map(([, other]) => other))
    return user.blocks
  }

  #mutes(user: User): Set<Uid> {
    user.mutes ??= new Set(this.#context.store.tables.userMutes.keys([user.uid]).map(([, other]) => other))
    return user.mutes
  }

  #write({ uid }: User, { relation, other, on }: RelationChange): void {
    const { userBlocks, userMutes } = this.#context.store.tables
    const table = relation === 'block' ? userBlocks : userMutes
    if (on) table.put([uid, other], 1)
    else table.remove([uid, other])
  }

  #load(uid: Uid): User {
    const known = this.#users.get(uid)
    if (known !== undefined) return known
    const user = new User(uid)
    this.#users.set(uid, user)
    return user
  }

  /** One of his sessions has ended. */
  #gone(user: User): void {
    if (user.isOnline) return
    this.#events.online(--this.#online)
    this.#unload(user)
  }

  #unload(user: User): void {
    if (user.isOnline || this.#commits.isBusy(user)) return
    if (this.#users.get(user.uid) === user) this.#users.delete(user.uid)
  }
}

function only(session: SessionAddress | undefined): SessionAddress[] {
  return session === undefined ? [] : [session]
}
