import { type Answer, type Done, refused } from '../../contract/answer.ts'
import { ListenerType, listenerNid } from '../../contract/listener.ts'
import type { Ranked, ReplyOf } from '../../contract/methods.ts'
import { StoredScope } from '../../contract/stored.ts'
import { Watch } from '../../contract/watch.ts'
import { Command } from '../../protocol/command.ts'
import { encodeFrame } from '../../protocol/encode.ts'
import { DataKind } from '../../protocol/json-format.ts'
import type { Cid, Rid, Sid, Uid } from '../../util/id.ts'
import type { HomeContext } from '../context.ts'
import { noticeFrame } from '../frames.ts'
import { Ranking } from '../ranking.ts'
import type { Member, Newcomer, Room, RoomChange } from './room.ts'

/** The sessions in the rooms of this home, and the notices to them. Membership ends with the session. Thread: the rooms' home. */
export class RoomSessions {
  readonly #context: HomeContext
  readonly #ranking = new Ranking()
  /** Rooms whose size changed since the watchers last got it. */
  readonly #changed = new Set<Room>()

  constructor(context: HomeContext) {
    this.#context = context
  }

  /** The rooms with the most sessions, most first. */
  top(num: number): Ranked[] {
    return this.#ranking.top(num).map(({ id, count }) => ({ id, total: count }))
  }

  /**
   * @param cap places of a sub-group @param isBack it was there before its home was replaced
   * @param had up to which msgid it has had the stored pushes
   */
  join(room: Room, newcomer: Newcomer, cap: number, had: number, isBack: boolean): ReplyOf<'roomJoin'> {
    const { calls, stored } = this.#context
    const known = room.members.get(newcomer.sid)
    const isNew = known === undefined
    // What was for its older connection may never have arrived.
    const isOther = known?.cid !== newcomer.cid || known.worker !== newcomer.worker
    if (isNew && !isBack) this.#notifyOf(room, Command.ROOM_JOIN_NTF, newcomer.uid, 1)
    const { line } = room.enter(newcomer, cap)
    if (isNew) this.#ranking.increase(room.rid)
    this.#changed.add(room)
    if (isOther && stored.has(StoredScope.ROOM, room.rid)) {
      calls.defer(() => stored.catchUp(StoredScope.ROOM, room.rid, newcomer, had))
    }
    return { gid: line.subGroup, topic: line.topic }
  }

  /** @param then runs after the notice to the others */
  quit(room: Room, sid: Sid, cid: Cid, worker: number, then: () => void): Answer<Done> {
    const member = room.members.get(sid)
    // A late message of an older connection changes nothing.
    if (member === undefined || member.cid !== cid || member.worker !== worker) return refused('NOT_MEMBER')
    this.#take(room, member)
    this.#context.calls.defer(() => {
      this.#notifyOf(room, Command.ROOM_QUIT_NTF, member.uid, 0)
      then()
    })
    return {}
  }

  /** Takes all sessions of a user out. @returns whether there were any */
  kick(room: Room, uid: Uid): boolean {
    const sessions = room.sessionsOf(uid)
    const notice = noticeFrame(Command.ROOM_KICK_NTF, { uid, rid: room.rid })
    for (const member of sessions) this.#remove(room, member, notice)
    if (sessions.length > 0) this.#notify(room, Command.ROOM_KICK_NTF, uid, 0)
    return sessions.length > 0
  }

  /** Notifies the sessions that a change concerns. */
  tell(room: Room, change: RoomChange): void {
    if (change.type === 'blacklist' && change.on) this.kick(room, change.uid)
    if (change.type !== 'closed') return
    const notice = noticeFrame(Command.ROOM_DISMISS_NTF, { uid: room.owner, rid: room.rid })
    for (const member of room.members.values()) this.#remove(room, member, notice)
  }

  /** A worker ended, and its sessions with it. */
  workerLost(room: Room, worker: number): void {
    for (const member of room.members.values()) if (member.worker === worker) this.#take(room, member)
  }

  /** Sends the sizes that changed to their watchers; call once a second. */
  tellCounts(): void {
    for (const room of this.#changed) {
      const { size, tcpSize } = room
      if (room.toldSize === size && room.toldTcpSize === tcpSize) continue
      room.toldSize = size
      room.toldTcpSize = tcpSize
      const frame = encodeFrame(Command.ROOM_USR_NUM, 0, { rid: room.rid, num: size })
      this.#tellWatchers(room, Watch.ROOM_USR_NUM, frame)
      for (const [listener, num] of [
        [ListenerType.TCP, tcpSize],
        [ListenerType.WS, size - tcpSize],
      ] as const) {
        const body = { rid: room.rid, nid: listenerNid(this.#context.options.nodeId, listener), num }
        this.#tellWatchers(room, Watch.ROOM_LSN_STAT, encodeFrame(Command.ROOM_LSN_STAT, 0, body))
      }
    }
    this.#changed.clear()
  }

  #tellWatchers({ rid, lines }: Room, watch: number, frame: Buffer): void {
    const { bus, calls } = this.#context
    for (const worker of bus.links) {
      if (lines.some(({ workers }) => workers[worker]! > 0))
        calls.tell(worker, 'sessionRoomCounts', { rid, watch, frame })
    }
  }

  /** Takes a member out who did not ask for it, with a notice to its session. */
  #remove(room: Room, member: Member, notice: Buffer): void {
    this.#take(room, member)
    this.#context.calls.tell(member.worker, 'sessionLeftRoom', { cid: member.cid, rid: room.rid as Rid, notice })
  }

  #take(room: Room, member: Member): void {
    room.leave(member)
    this.#ranking.decrease(room.rid)
    this.#changed.add(room)
  }

  /** That a user comes or goes; nobody need know of his second device. @param coming who will be in it next to those there */
  #notifyOf(room: Room, command: Command, uid: Uid, coming: number): void {
    if (this.#isLarge(room, coming) || room.hasUser(uid)) return
    this.#notify(room, command, uid, coming)
  }

  /** Notices go out in rooms that are not large; so what is asked of their members costs little. */
  #isLarge(room: Room, coming: number): boolean {
    return room.size + coming > this.#context.options.noticeMembersMax
  }

  #notify(room: Room, command: Command, uid: Uid, coming: number): void {
    if (room.size === 0 || this.#isLarge(room, coming)) return
    room.deliver(this.#context.bus, DataKind.BYTES, noticeFrame(command, { uid, rid: room.rid }))
  }
}
