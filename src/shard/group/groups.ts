import { type Answer, type Done, isRefused, refused } from '../../contract/answer.ts'
import type { Handlers } from '../../contract/calls.ts'
import type { Args, Methods, Pushed, ReplyOf } from '../../contract/methods.ts'
import type { ChatRecord } from '../../contract/records.ts'
import { Command } from '../../protocol/command.ts'
import { encodeFrame } from '../../protocol/encode.ts'
import { ErrorCode } from '../../protocol/error-code.ts'
import { DataKind } from '../../protocol/json-format.ts'
import { StoredScope } from '../../store/schema.ts'
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

/** A group that nobody is online in is forgotten after this time; it is read again when it is needed. */
const IDLE_MAX_MS = 60_000

/** The groups whose home this worker is: read when first needed, changed by rules (rules.ts) and commits, talked in. */
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
    groupUids: ({ gid, list }) => this.#listed(gid, group => group[list].keys()),
    groupGags: ({ gid }) => this.#listed(gid, group => group.gags),
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
          readGroup(store, group)
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
    const session = group.online.get(chat.sid)
    if (session === undefined || session.cid !== chat.cid || session.worker !== from) return ErrorCode.NOT_MEMBER.code
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

  /** Forgets what has been idle, and saves the counts. */
  tick(now: number): void {
    for (const [gid, group] of this.#groups) {
      const isIdle = group.online.size === 0 && now - group.usedAt > IDLE_MAX_MS
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

  /** The ack of a join means: every session of the user gets what the group says. */
  async #join(args: Args<'groupJoin'>, decide: (group: Group) => Decision<GroupChange>): Promise<Answer<Done>> {
    const { gid, uid, sid } = args
    const answer = await this.#change(gid, decide)
    if (!isRefused(answer)) await this.#sessions.attachUser(this.#load(gid), uid, sid)
    return answer
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

  #members({ gid, num, by }: Args<'groupMembers'>): Answer<ReplyOf<'groupMembers'>> {
    const group = this.#load(gid)
    const refusal = rules.mayAsk(group, by)
    if (refusal !== undefined) return refusal
    const all = Array.from(group.members, ([uid, role]) => ({ uid, role }))
    return { list: num === 0 ? all : all.slice(0, num) }
  }

  #listed<T>(gid: Gid, list: (group: Group) => Iterable<T>): Answer<T[]> {
    const group = this.#load(gid)
    return group.record === undefined ? refused('NO_SUCH_GROUP') : [...list(group)]
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

  #attach({ gid, uid, sid, cid, isBack }: Args<'groupAttach'>, from: number): Answer<ReplyOf<'groupAttach'>> {
    const group = this.#load(gid)
    if (!group.members.has(uid)) return refused('NOT_MEMBER')
    this.#sessions.attach(group, { sid, cid, uid, worker: from }, isBack === true)
    return { topic: group.line.topic }
  }

  /** The group as it is in memory, or as it was stored; `record` says whether there is one. One that is none is not kept. */
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

/** Whether the number of members is to be stored with it; when a group is dismissed it is once for all who leave. */
function countsMembers(change: GroupChange): boolean {
  if (change.type === 'left') return change.why !== 'dismissed'
  return change.type === 'joined' || change.type === 'dismissed'
}
