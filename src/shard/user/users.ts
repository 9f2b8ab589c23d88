import { type Answer, type Done, isRefused } from '../../contract/answer.ts'
import type { Handlers } from '../../contract/calls.ts'
import type { Args, Methods, Pushed, ReplyOf } from '../../contract/methods.ts'
import { type ChatRecord, writeDeliver } from '../../contract/records.ts'
import { Command } from '../../protocol/command.ts'
import { ErrorCode } from '../../protocol/error-code.ts'
import { DataKind } from '../../protocol/json-format.ts'
import { StoredScope } from '../../store/schema.ts'
import type { Uid } from '../../util/id.ts'
import { Commits } from '../commits.ts'
import type { HomeContext } from '../context.ts'
import { SessionLine } from '../line.ts'
import type { Forum } from '../posting.ts'
import { type RelationChange, User } from './user.ts'

type UserMethods = Pick<
  Handlers<Methods>,
  'userOnline' | 'userOffline' | 'userSessions' | 'userPush' | 'userRelation' | 'userGroups' | 'userDeliver'
>

const NOBODY = new SessionLine([])

/** The users whose home this worker is: their sessions on all workers, private chat, and pushes to them. */
export class Users implements Forum {
  readonly command = Command.CHAT
  readonly methods: UserMethods = {
    userOnline: (args, from) => this.#signIn(args, from),
    userOffline: (args, from) => this.#signOut(args, from),
    userSessions: ({ uid }) => this.#users.get(uid)?.sessions ?? [],
    userPush: args => this.#push(args),
    userRelation: args => this.#relate(args),
    userGroups: ({ uid, num, after }) => {
      const gids = this.#groupsOf(uid)
      const first = gids.findIndex(gid => gid > after)
      return first < 0 ? [] : gids.slice(first, first + num)
    },
    userDeliver: args => this.#deliverToOthers(args),
  }
  readonly #context: HomeContext
  /** Those with a session online, or with a change on its way. */
  readonly #users = new Map<Uid, User>()
  readonly #commits: Commits<User, RelationChange>
  readonly #onCount: (online: number) => void
  #online = 0

  /** @param onCount gets the number of users online whenever it changes */
  constructor(context: HomeContext, onCount: (online: number) => void) {
    this.#context = context
    this.#onCount = onCount
    this.#commits = new Commits(
      context,
      {
        apply: (user, change) => {
          // Both are read now: later the disk would lack what is on its way there.
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

  /** The newer connection of a sid wins; the older one is told to go. */
  #signIn(
    args: Args<'userOnline'>,
    from: number,
  ): Answer<ReplyOf<'userOnline'>> | Promise<Answer<ReplyOf<'userOnline'>>> {
    const { uid, sid, cid, isBack } = args
    const { calls, stored } = this.#context
    const user = this.#load(uid)
    const address = { sid, cid, worker: from }
    const known = user.sessionOf(sid)
    const isSame = known?.cid === cid && known.worker === from
    const older = isSame ? undefined : known
    if (!user.isOnline) this.#onCount(++this.#online)
    user.enter(address)
    // Read after the session is known: who makes the user a member now finds the session, and who did before is found here.
    const gids = this.#groupsOf(uid)
    if (!isSame && isBack === undefined && stored.has(StoredScope.USER, uid)) {
      if (older !== undefined) stored.left(StoredScope.USER, uid, sid)
      calls.defer(() => stored.catchUp(StoredScope.USER, uid, address))
    }
    const seen = stored.seenBy(StoredScope.ALL, uid, sid)
    if (older === undefined) return { broadcastsSeen: seen, gids }
    // The older connection has had what went out until it is told to go.
    return calls
      .ask(older.worker, 'sessionReplaced', { cid: older.cid })
      .then(answer => ({ broadcastsSeen: isRefused(answer) ? seen : Math.max(seen, answer.broadcastsSeen), gids }))
  }

  #groupsOf(uid: Uid): ReplyOf<'userOnline'>['gids'] {
    const { store } = this.#context
    store.refresh()
    return store.tables.memberOf.keys([uid]).map(([, gid]) => gid)
  }

  #signOut({ uid, sid, cid, broadcasts }: Args<'userOffline'>, from: number): Answer<Done> {
    const { stored } = this.#context
    if (broadcasts.upTo > 0) stored.sawBroadcasts(uid, sid, broadcasts.upTo, broadcasts.endsAt)
    const user = this.#users.get(uid)
    if (user?.leave(sid, cid, from) !== true) return {}
    stored.left(StoredScope.USER, uid, sid)
    this.#gone(user)
    return {}
  }

  #push({ uid, sid, ...args }: Args<'userPush'>): Answer<Pushed> | Promise<Answer<Pushed>> {
    const line = this.#users.get(uid)?.line ?? NOBODY
    const readers = sid === undefined ? line : new SessionLine(line.sessions.filter(session => session.sid === sid))
    return this.#context.posting.push({ command: Command.P2P, readers, scope: StoredScope.USER, of: uid, sid }, args)
  }

  async #relate({ uid, other, relation, on }: Args<'userRelation'>): Promise<Answer<Done>> {
    const user = this.#load(uid)
    const answer = await this.#commits.make(user, () => [{ relation, other, on }])
    this.#unload(user)
    return answer
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

  /** A session of his is over. */
  #gone(user: User): void {
    if (user.isOnline) return
    this.#onCount(--this.#online)
    this.#unload(user)
  }

  #unload(user: User): void {
    if (user.isOnline || this.#commits.isBusy(user)) return
    if (this.#users.get(user.uid) === user) this.#users.delete(user.uid)
  }
}
