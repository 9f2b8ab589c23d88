import type { Cid, Gid, Id, Nid, Rid, Sid, Uid, UidOrAll } from '../util/id.ts'
import type { Done } from './answer.ts'
import type { ListenerType } from './listener.ts'
import type { Page } from './page.ts'
import type { StoredMark, StoredPiece, StoredRange } from './stored.ts'

/** A signed-in device on one connection of one worker. */
export interface SessionAddress {
  readonly sid: Sid
  readonly cid: Cid
  readonly worker: number
  /** When it connected (`Clock.instant`): of two connections of one sid the later one counts, whichever is heard of first. */
  readonly at: number
}

/** One push as its home gets it. `expire`: seconds it stays valid; 0: only for sessions present now. */
export interface PushArgs {
  readonly data: Buffer
  readonly dataKind: number
  readonly expire: number
}
export type Pushed = {
  readonly msgid: number
  /** Sessions it was sent to. */
  readonly total: number
}

/** A push to everybody, or to an app, on its way to the sessions of every worker. */
export interface Broadcast {
  readonly msgid: number
  readonly frame: Buffer
  readonly dataKind: number
  /** Unix milliseconds; 0: only for sessions present now. */
  readonly expiresAt: number
  readonly app?: string | undefined
  readonly version?: string | undefined
}

export interface Ranked {
  readonly id: Id
  readonly total: number
}

export interface NodeAddress {
  readonly kind: 'listend' | 'frwder'
  readonly nid: Nid
  readonly ipaddr: string
  readonly port: number
  /** Of listeners. Absent: 2, or what it is already. */
  readonly type?: ListenerType
}
export interface NodeStatus extends NodeAddress {
  readonly type: ListenerType
  readonly isUp: boolean
}

/** What was registered under a sid. */
export interface Device {
  readonly uid: Uid
  readonly nation: number
  readonly city: number
  readonly town: number
}

/** A session that was there before its home was replaced: the others need no notice. */
interface Back {
  readonly isBack?: true
}

/** Who asks for a change of a group or room: a user, or (absent) the HTTP API, which may do everything. */
interface By {
  readonly by?: Uid
}

interface OfUser {
  readonly uid: Uid
}
interface OfGroup {
  readonly gid: Gid
}
interface OfRoom {
  readonly rid: Rid
}
interface On {
  readonly on: boolean
}

/** How a session is known at a home. */
interface OfSession {
  readonly sid: Sid
  readonly cid: Cid
}

/** The same for one that comes. */
interface Coming extends OfSession {
  readonly at: number
}

/** Up to which msgid it has had the stored pushes there; 0: nothing. */
interface Having {
  readonly had: number
}

interface Method<Args, Reply> {
  readonly args: Args
  readonly reply: Reply
}

/** A row: only its types matter. */
function method<Args extends object, Reply = Done>(): Method<Args, Reply> {
  return {} as Method<Args, Reply>
}

/**
 * The methods that workers call on each other: arguments and answer of each. The home of a user, group or room carries out
 * the methods named after it; the worker of a session those that begin with `session`; any worker, for itself, those marked `here`.
 * The place in the table is the number on the bus.
 */
export const methods = {
  /** A new session id for a user; on the disk. */
  userRegister: method<Device, { sid: Sid }>(),
  /** `gids`: the first page of the groups that the user is a member of. `marks`: what the device has had over earlier connections. */
  userOnline: method<
    OfUser & Coming & Having & { app: string; version: string } & Back,
    { marks: readonly StoredMark[]; gids: readonly Gid[] }
  >(),
  /** `marks`: what it has had of stored pushes. */
  userOffline: method<OfUser & OfSession & { marks: readonly StoredMark[] }>(),
  userSessions: method<OfUser, readonly SessionAddress[]>(),
  /** With `sid`: to that session alone. */
  userPush: method<PushArgs & OfUser & { sid?: Sid }, Pushed>(),
  userRelation: method<OfUser & On & { other: Uid; relation: 'block' | 'mute' }>(),
  /** The groups that the user is a member of. */
  userGroups: method<OfUser & Page<Gid>, readonly Gid[]>(),
  /** A ready frame to all sessions of the user but one. */
  userDeliver: method<OfUser & { exceptSid?: Sid; frame: Buffer }, { total: number }>(),
  /** Here. What was registered under the sid. */
  deviceOf: method<{ sid: Sid }, { device: Device | undefined }>(),

  groupCreate: method<OfGroup & OfUser & { name: string; desc: string; sid: Sid }>(),
  groupDismiss: method<OfGroup & By>(),
  /** `sid`: the session that asks; the other sessions of the user get the notice. */
  groupJoin: method<OfGroup & OfUser & { sid?: Sid }>(),
  groupQuit: method<OfGroup & OfUser & { sid?: Sid }>(),
  groupKick: method<OfGroup & OfUser & By>(),
  groupGag: method<OfGroup & On & { uid: UidOrAll } & By>(),
  groupBlacklist: method<OfGroup & OfUser & On & By>(),
  groupManager: method<OfGroup & OfUser & On & By>(),
  groupMembers: method<OfGroup & Page<Uid> & By, { list: { uid: Uid; role: number }[] }>(),
  groupOpen: method<OfGroup>(),
  groupUids: method<OfGroup & Page<Uid> & { list: 'blacklist' | 'members' }, Uid[]>(),
  /** Who may not speak; 0: everybody. */
  groupGags: method<OfGroup & Page<UidOrAll>, UidOrAll[]>(),
  /** Sets the most members when `cap` is given. */
  groupCap: method<OfGroup & { cap?: number }, { cap: number }>(),
  /** The largest groups of this home, most first. */
  groupTop: method<{ num: number; by: 'members' | 'messages' }, Ranked[]>(),
  groupInvite: method<OfGroup & { to: Uid; by: Uid }>(),
  groupPush: method<PushArgs & OfGroup, Pushed>(),
  /** A session of a member came online: it gets what the group says from now on. */
  groupAttach: method<OfGroup & OfUser & Coming & Having & Back, { topic: number }>(),
  groupDetach: method<OfGroup & OfSession>(),

  roomCreate: method<OfRoom & OfUser & { name: string; desc: string }>(),
  roomDismiss: method<OfRoom & By>(),
  roomJoin: method<
    OfRoom & OfUser & Coming & Having & { listener: ListenerType } & Back,
    { gid: number; topic: number }
  >(),
  roomQuit: method<OfRoom & OfSession>(),
  roomKick: method<OfRoom & OfUser & By>(),
  roomPush: method<PushArgs & OfRoom, Pushed>(),
  roomOpen: method<OfRoom>(),
  roomBlacklist: method<OfRoom & OfUser & On>(),
  roomGag: method<OfRoom & On & { uid: UidOrAll }>(),
  /** Who may not enter, or not speak (0: nobody). */
  roomUids: method<OfRoom & Page<UidOrAll> & { list: 'blacklist' | 'gags' }, UidOrAll[]>(),
  /** Sets the places of a sub-group when `cap` is given. */
  roomCap: method<OfRoom & { cap?: number }, { cap: number }>(),
  /** Here. The places of a sub-group where nothing else is set. */
  roomDefaultCap: method<Done, { cap: number }>(),
  /** Sets it; called at the home of everything without an id. */
  roomSetDefaultCap: method<{ cap: number }>(),
  /** It has changed; called at every worker. */
  roomDefaultCapChanged: method<{ cap: number }>(),
  roomGroups: method<OfRoom & Page<number>, { gid: number; total: number }[]>(),
  /** The largest rooms of this home, most first. */
  roomTop: method<{ num: number }, Ranked[]>(),

  nodeAdd: method<NodeAddress>(),
  nodeDel: method<NodeAddress>(),
  /** The nodes that were added, or their status, changed; told to every worker. */
  nodesChanged: method<{ nodes: NodeStatus[] }>(),

  /** `prec` as in stats/precision.ts. */
  statsAdd: method<{ prec: string; num: number }>(),
  statsDel: method<{ prec: string }>(),
  /** Here. The precisions there are, by their number (stats/precision.ts). */
  statsList: method<Done, { precision: number; num: number }[]>(),
  /** Here. The newest `num` buckets, newest first, as the entries of a JSON array; undefined: there is no such precision. */
  statsPage: method<{ precision: number; num: number }, { text: string; count: number } | undefined>(),

  /** Numbers and stores a push to everybody, or to an app, and has every worker deliver it. */
  broadcast: method<PushArgs & { app?: string; version?: string }, Pushed>(),
  sessionBroadcast: method<Broadcast, { total: number }>(),
  /** A worker that took the place of another: it may have read what is stored before this was, and get it from nobody else. */
  sessionBroadcastKept: method<Broadcast>(),
  /** It was refused after all: nobody gets it who comes later. */
  sessionBroadcastRefused: method<{ msgid: number }>(),

  /** First use of an idempotency key: `fresh`; else the reply of the first use, once that is known. `digest`: of the request. */
  idempotencyClaim: method<{ key: string; digest: string }, { fresh: true } | { reply: string }>(),
  idempotencySettle: method<{ key: string; digest: string; reply: string }>(),

  /** The next stored pushes for a session, of its user, or of a group or room that it is in. */
  storedNext: method<StoredRange & { sid: Sid }, StoredPiece>(),

  /** There is more stored for the session than was sent to it: it asks for the rest, piece by piece. */
  sessionBehind: method<StoredRange & OfSession>(),
  /** A newer connection of the same sid took over: kicks the older one. What it says of its end is said before the answer. */
  sessionReplaced: method<{ cid: Cid }>(),
  sessionRooms: method<{ cids: Cid[] }, Rid[]>(),
  sessionLeftRoom: method<{ cid: Cid; rid: Rid; notice: Buffer }>(),
  sessionInGroup: method<OfSession & OfGroup & { topic: number; notice?: Buffer }>(),
  sessionLeftGroup: method<{ cid: Cid; gid: Gid; notice?: Buffer }>(),
  /** The groups of its user whose home was just replaced: a session that lacks one of them asks to be let in. */
  sessionGroups: method<{ cid: Cid; gids: readonly Gid[] }>(),
  /** The counts of a room changed: for those of its sessions who want to know. */
  sessionRoomCounts: method<{ rid: Rid; watch: number; frame: Buffer }>(),
} as const

export type Methods = typeof methods
export type Args<M extends keyof Methods> = Methods[M]['args']
export type ReplyOf<M extends keyof Methods> = Methods[M]['reply']
