import { isRefused } from '../../contract/answer.ts'
import { isOfGeneration } from '../../contract/generation.ts'
import type { SessionAddress } from '../../contract/methods.ts'
import { StoredScope } from '../../contract/stored.ts'
import { Command } from '../../protocol/command.ts'
import { DataKind } from '../../protocol/json-format.ts'
import { Role } from '../../store/schema.ts'
import type { Cid, Gid, Sid, Uid, UidOrAll } from '../../util/id.ts'
import type { HomeContext } from '../context.ts'
import { noticeFrame } from '../frames.ts'
import type { Attached, Group, GroupChange, Leaving } from './group.ts'

/** The notice for the sessions of a member who leaves, and for the others. */
const leavingNotice: Readonly<Record<Leaving, Command>> = {
  quit: Command.GROUP_QUIT_NTF,
  kicked: Command.GROUP_KICK_NTF,
  blacklisted: Command.GROUP_BL_ADD_NTF,
  dismissed: Command.GROUP_DISMISS_NTF,
}

/** The online sessions of members: they get the group's messages and notices. Thread: the group's home. */
export class GroupSessions {
  readonly #context: HomeContext

  constructor(context: HomeContext) {
    this.#context = context
  }

  /** A session of a member is there. @param had up to which msgid it has had the stored pushes */
  attach(group: Group, session: Attached, had: number): void {
    if (!group.attach(session)) return
    const { calls, stored } = this.#context
    calls.defer(() => stored.catchUp(StoredScope.GROUP, group.gid, session, had))
  }

  detach(group: Group, sid: Sid, cid: Cid, worker: number): void {
    const session = group.attached(sid, cid, worker)
    if (session !== undefined) group.detach(session)
  }

  /**
   * All sessions of the user get what the group says from now on. The membership is on the disk: a session that signs in
   * meanwhile finds it there. When the user's home does not answer it is asked again (`retry`) until it does.
   * @param asked the session that knows by its ack @returns whether it is done
   */
  async attachUser(group: Group, uid: Uid, asked?: Sid): Promise<boolean> {
    const { bus, calls, placement, stored } = this.#context
    const { gid, line } = group
    const sessions = await calls.ask(placement.homeOf(uid), 'userSessions', { uid })
    if (!group.members.has(uid)) {
      group.unattached.delete(uid)
      return true
    }
    // A worker that took the place of one that ended: its sessions may be known before it can be reached.
    const isKnown = ({ worker, cid }: SessionAddress) => isOfGeneration(cid, bus.generationOf(worker))
    if (isRefused(sessions) || !sessions.every(isKnown)) {
      group.unattached.add(uid)
      return false
    }
    group.unattached.delete(uid)
    for (const { sid, cid, worker, at } of sessions) {
      const notice = sid === asked ? {} : { notice: noticeFrame(Command.GROUP_JOIN_NTF, { uid, gid }) }
      calls.tell(worker, 'sessionInGroup', { cid, sid, gid, topic: line.topic, ...notice })
      const session = { sid, cid, uid, worker, at }
      // What it has had, its worker knows, which sends only the rest.
      if (group.attach(session)) stored.catchUp(StoredScope.GROUP, gid, session, 0)
    }
    return true
  }

  /** Asks again for those whose home did not answer; call every now and then. */
  retry(group: Group): void {
    for (const uid of group.unattached) void this.attachUser(group, uid)
  }

  /** Notifies the sessions that a change concerns. A user who is no longer a member gets nothing more from the group. */
  tell(group: Group, change: GroupChange): void {
    switch (change.type) {
      case 'joined':
        this.#tellJoined(group, change.uid)
        return
      case 'left':
        this.#tellLeft(group, change.uid, change.why, change.asked)
        return
      case 'dismissed':
        this.#removeAll(group, noticeFrame(Command.GROUP_DISMISS_NTF, { uid: change.by, gid: group.gid }))
        return
      case 'role':
        this.#notify(
          group,
          change.role === Role.MANAGER ? Command.GROUP_MGR_ADD_NTF : Command.GROUP_MGR_DEL_NTF,
          change.uid,
        )
        return
      case 'blacklist':
        this.#notify(group, change.on ? Command.GROUP_BL_ADD_NTF : Command.GROUP_BL_DEL_NTF, change.uid)
        return
      case 'gag':
        this.#notify(group, change.on ? Command.GROUP_GAG_ADD_NTF : Command.GROUP_GAG_DEL_NTF, change.uid)
        return
      case 'created':
      case 'opened':
      case 'cap':
    }
  }

  /** A worker ended, and its sessions with it. */
  workerLost(group: Group, worker: number): void {
    for (const session of group.connections()) if (session.worker === worker) group.detach(session)
  }

  #tellJoined(group: Group, uid: Uid): void {
    if (group.online.size < this.#context.options.noticeMembersMax) this.#notify(group, Command.GROUP_JOIN_NTF, uid)
  }

  #tellLeft(group: Group, uid: Uid, why: Leaving, asked: Sid | undefined): void {
    if (why === 'dismissed') return
    const notice = noticeFrame(leavingNotice[why], { uid, gid: group.gid })
    for (const session of group.connectionsOf(uid)) {
      this.#remove(group, session, session.sid === asked ? undefined : notice)
    }
    // For `blacklisted` the others get the notice of the blacklist itself.
    if (why === 'kicked') this.#notify(group, leavingNotice[why], uid)
    const isSmall = group.online.size <= this.#context.options.noticeMembersMax
    if (why === 'quit' && isSmall) this.#notify(group, leavingNotice[why], uid)
  }

  #removeAll(group: Group, notice: Buffer): void {
    for (const session of group.connections()) this.#remove(group, session, notice)
  }

  #remove(group: Group, session: Attached, notice: Buffer | undefined): void {
    group.detach(session)
    const args: { cid: Attached['cid']; gid: Gid } = { cid: session.cid, gid: group.gid }
    this.#context.calls.tell(session.worker, 'sessionLeftGroup', notice === undefined ? args : { ...args, notice })
  }

  #notify(group: Group, command: Command, uid: UidOrAll): void {
    group.line.deliver(this.#context.bus, DataKind.BYTES, noticeFrame(command, { uid, gid: group.gid }))
  }
}
