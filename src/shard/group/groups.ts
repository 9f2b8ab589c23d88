import { type Answer, type Done, isRefused, refused } from '../../contract/answer.ts'
import type { Handlers } from '../../contract/calls.ts'
import type { Args, Methods, Pushed, ReplyOf } from '../../contract/methods.ts'
import type { ChatRecord } from '../../contract/records.ts'
import { StoredScope } from '../../contract/stored.ts'
import { Command } from '../../protocol/command.ts'
import { encodeFrame } from '../../protocol/encode.ts'
import { ErrorCode } from '../../protocol/error-code.ts'
import { DataKind } from '../../protocol/json-format.ts'
import type { Store } from '../../store/store.ts'
import type { Gid } from '../../util/id.ts'
import { Commits, type Decision } from '../commits.ts'
import type { HomeContext } from '../context.ts'
import type { TopicLine } from '../line.ts'
import type { Forum } from '../posting.ts'
import { GroupCounts } from './counts.ts'
import { Group, type GroupChange } from './group.ts'
import * as rules from './rules.ts'
import { GroupSessions } from './sessions.ts'
import { readGroup, writeGroup } from './table.ts'

type GroupMethods = Pick<Handlers<Methods>, Extract<keyof Methods, `group${string}`>>

/** A group without online sessions is dropped from memory after this time, and read again when needed. */
const IDLE_MAX_MS = 60_000

/** The groups whose home this worker is: read when first needed, changed by rules (rules.ts) and commits; a forum of chats. */
export class Groups implements Forum {
  readonly command = Command.GROUP_CHAT
  readonly methods: GroupMethods = {
    groupCreate: args => this.#join(args, group => rules.create(group, args.uid, args.name, args.desc)),
    groupJoin: args => this.#join(args, group => rules.join(group, args.uid, this.#capOf(group))),
    groupDismiss: ({ gid, by }) => this.#change(gid, group => rules.dismiss(group, by)),
    groupQuit: ({ gid, uid, sid }) => this.#change(gid, group => rules.quit(group, uid, sid)),
    groupKick: ({ gid, uid, by }) => this.#change(gid, group => rules.kick(group, uid, by)),
    groupGag: ({ gid, uid, on, by }) => this.#change(gid, group => rules.gag(group, uid, on, by)),
    groupBlacklist: ({ gid, uid, on, by }) => this.#change(gid, group => rules.blacklist(group, uid, on, by)),
    groupManager: ({ gid, uid, on, by }) => this.#change(gid, group => rules.manager(group, uid, on, by)),
    groupOpen: ({ gid }) => this.#change(gid, rules.open),
    groupCap: args => this.#cap(args),
    groupMembers: args => this.#members(args),
    groupUids: args => this.#uids(args),
    groupGags: ({ gid, num, after }) =>
      this.#listed(gid, ({ groupGags }) => groupGags.page([gid], after, num).map(({ key: [, uid] }) => uid)),
    groupInvite: args => this.#invite(args),
    groupPush: args => this.#push(args),
    groupTop: ({ num, by }) => this.#counts.top(by, num),
    groupAttach: (args, from) => this.#attach(args, from),
    groupDetach: ({ gid, sid, cid }, from) => {
      this.#sessions.detach(this.#load(gid), sid, cid, from)
      return {}
    },
  }
  readonly #context: HomeContext
  readonly #groups = new Map<Gid, Group>()
  readonly #counts: GroupCounts
  readonly #sessions: GroupSessions
  readonly #commits: Commits<Group, GroupChange>

  constructor(context: HomeContext) {
    const { store, placement } = context
    this.#context = context
    this.#counts = new GroupCounts(store, placement)
    this.#sessions = new GroupSessions(context)
    this.#commits = new Commits(
      context,
      {
        apply: (group, change) => this.#apply(group, change),
        write: (group, change) => {
          writeGroup(store, group, change)
          if (countsMembers(change)) this.#counts.save(group.gid)
        },
        tell: (group, change) => this.#sessions.tell(group, change),
        reread: group => {
          const before = new Set(group.members.keys())
          readGroup(store, group)
          // Whoever was to leave and stays gets again what the group says.
          for (const uid of group.members.keys()) if (!before.has(uid)) void this.#sessions.attachUser(group, uid)
          this.#counts.setMembers(group.gid, group.members.size)
        },
      },
      context.onDefect,
    )
  }

  get size(): number {
    return this.#groups.size
  }

  /** Those in memory. */
  get loaded(): Iterable<Group> {
    return this.#groups.values()
  }

  admit(chat: ChatRecord, from: number): TopicLine | number {
    const group = this.#load(chat.target as Gid)
    const refusal = rules.unusable(group)
    if (refusal !== undefined) return refusal.refused
    if (group.attached(chat.sid, chat.cid, from) === undefined) return ErrorCode.NOT_MEMBER.code
    return group.mayNotSpeak(chat.uid) ? ErrorCode.GAGGED.code : group.line
  }

  subGroupOf(): number {
    return 0
  }

  deliver(line: TopicLine, _chat: ChatRecord, frame: Buffer): void {
    line.deliver(this.#context.bus, DataKind.BYTES, frame)
  }

  posted(chat: ChatRecord): void {
    this.#counts.messagePosted(chat.target as Gid)
  }

  /** A worker ended, and its sessions with it. */
  workerLost(worker: number): void {
    for (const group of this.#groups.values()) this.#sessions.workerLost(group, worker)
  }

  /** Drops idle groups from memory and saves the counts. */
  tick(now: number): void {
    for (const [gid, group] of this.#groups) {
      this.#sessions.retry(group)
      const isIdle = group.online.size + group.unattached.size === 0 && now - group.usedAt > IDLE_MAX_MS
      if (isIdle && !this.#commits.isBusy(group)) this.#groups.delete(gid)
    }
    this.#counts.saveAll()
  }

  stop(): void {
    this.#counts.saveAll()
  }

  #change(gid: Gid, decide: (group: Group) => Decision<GroupChange>): Promise<Answer<Done>> {
    const group = this.#load(gid)
    return this.#commits.make(group, () => decide(group))
  }

  #apply(group: Group, change: GroupChange): void {
    group.apply(change)
    if (change.type === 'created') this.#keep(group)
    if (change.type === 'joined' || change.type === 'left') this.#counts.setMembers(group.gid, group.members.size)
  }

  /**
   * The ack of a join means: every session of the user gets what the group says. BUSY means that he is a member, and that
   * his sessions get it once their home answers.
   */
  async #join(args: Args<'groupJoin'>, decide: (group: Group) => Decision<GroupChange>): Promise<Answer<Done>> {
    const { gid, uid, sid } = args
    const answer = await this.#change(gid, decide)
    if (isRefused(answer)) return answer
    return (await this.#sessions.attachUser(this.#load(gid), uid, sid)) ? answer : refused('BUSY')
  }

  async #cap({ gid, cap }: Args<'groupCap'>): Promise<Answer<ReplyOf<'groupCap'>>> {
    if (cap !== undefined) {
      const answer = await this.#change(gid, group => rules.setCap(group, cap))
      return isRefused(answer) ? answer : { cap }
    }
    const group = this.#load(gid)
    return group.record === undefined ? refused('NO_SUCH_GROUP') : { cap: this.#capOf(group) }
  }

  #capOf({ record }: Group): number {
    return record?.cap || this.#context.options.groupCap
  }

  /** Lists are pages of what the disk has: what one costs does not grow with the group. */
  #members({ gid, num, after, by }: Args<'groupMembers'>): Answer<ReplyOf<'groupMembers'>> {
    const refusal = rules.mayAsk(this.#load(gid), by)
    if (refusal !== undefined) return refusal
    const { store } = this.#context
    store.refresh()
    const page = store.tables.groupMembers.page([gid], after, num)
    return { list: page.map(({ key: [, uid], value: role }) => ({ uid, role })) }
  }

  #uids({ gid, list, num, after }: Args<'groupUids'>): Answer<ReplyOf<'groupUids'>> {
    return this.#listed(gid, ({ groupMembers, groupBlacklist }) => {
      const table = list === 'members' ? groupMembers : groupBlacklist
      return table.page([gid], after, num).map(({ key: [, uid] }) => uid)
    })
  }

  #listed<T>(gid: Gid, list: (tables: Store['tables']) => T[]): Answer<T[]> {
    const { store } = this.#context
    if (this.#load(gid).record === undefined) return refused('NO_SUCH_GROUP')
    store.refresh()
    return list(store.tables)
  }

  async #invite({ gid, to, by }: Args<'groupInvite'>): Promise<Answer<Done>> {
    const refusal = rules.mayAsk(this.#load(gid), by)
    if (refusal !== undefined) return refusal
    const { calls, placement } = this.#context
    const frame = encodeFrame(Command.GROUP_INVITE, 0, { uid: by, gid, to })
    const answer = await calls.ask(placement.homeOf(to), 'userDeliver', { uid: to, frame })
    if (isRefused(answer)) return answer
    return answer.total > 0 ? {} : refused('USER_OFFLINE')
  }

  #push({ gid, ...args }: Args<'groupPush'>): Answer<Pushed> | Promise<Answer<Pushed>> {
    const group = this.#load(gid)
    const refusal = rules.unusable(group)
    if (refusal !== undefined) return refusal
    const target = { command: Command.GROUP_BC, gid, readers: group.line, scope: StoredScope.GROUP, of: gid } as const
    return this.#context.posting.push(target, args)
  }

  #attach({ gid, uid, sid, cid, at, had }: Args<'groupAttach'>, from: number): Answer<ReplyOf<'groupAttach'>> {
    const group = this.#load(gid)
    if (!group.members.has(uid)) return refused('NOT_MEMBER')
    this.#sessions.attach(group, { sid, cid, uid, worker: from, at }, had)
    return { topic: group.line.topic }
  }

  /** The group from memory, or from the store. Without a `record` there is no such group, and nothing is kept of it. */
  #load(gid: Gid): Group {
    const usedAt = this.#context.clock.now()
    const known = this.#groups.get(gid)
    if (known !== undefined) {
      known.usedAt = usedAt
      return known
    }
    const group = new Group(gid, this.#context.bus.links.length)
    group.usedAt = usedAt
    readGroup(this.#context.store, group)
    if (group.record !== undefined) this.#keep(group)
    return group
  }

  #keep(group: Group): void {
    group.line.topic = this.#context.nextTopic()
    this.#groups.set(group.gid, group)
  }
}

/** Whether to store the number of members with the change; a dismissal stores it once for all members who leave. */
function countsMembers(change: GroupChange): boolean {
  if (change.type === 'left') return change.why !== 'dismissed'
  return change.type === 'joined' || change.type === 'dismissed'
}
