import type { Id } from '../util/id.ts'

/** A signed-in device on one connection of one worker. */
export interface SessionAddress {
  readonly sid: Id
  readonly cid: Id
  readonly worker: number
}

/** One push as its owner gets it. `expire`: seconds it stays valid; 0: only who is there now. */
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

export interface Ranked {
  readonly id: Id
  readonly total: number
}

export interface NodeAddress {
  readonly kind: 'listend' | 'frwder'
  readonly nid: Id
  readonly ipaddr: string
  readonly port: number
  /** 1 TCP, 2 WebSocket; of listeners. Absent: 2, or what it is already. */
  readonly type?: 1 | 2
}
export interface NodeStatus extends NodeAddress {
  readonly type: 1 | 2
  readonly isUp: boolean
}

/** A session that was there before its owner was replaced: it has had what was pushed, and nobody need be told. */
interface Back {
  readonly isBack?: true
}

/** Who asks for a change of a group or room: a user in a session, or the HTTP API (absent), which may do all. */
interface By {
  readonly by?: Id
}
type Done = Record<string, never>

/**
 * What workers ask of each other. The owner of a user, group or room carries out its methods; the worker of a session
 * carries out those that begin with `session`. The order of `methods` is the number on the bus.
 */
export interface Methods {
  userOnline: {
    args: { uid: Id; sid: Id; cid: Id; app: string; version: string } & Back
    reply: { broadcastsSeen: number }
  }
  userOffline: { args: { uid: Id; sid: Id; cid: Id; broadcastsSeen: number }; reply: Done }
  userSessions: { args: { uid: Id }; reply: SessionAddress[] }
  /** With `sid`: to that session alone. */
  userPush: { args: PushArgs & { uid: Id; sid?: Id }; reply: Pushed }
  userRelation: { args: { uid: Id; other: Id; relation: 'block' | 'mute'; on: boolean }; reply: Done }
  /** A ready frame to all sessions of the user but one. */
  userDeliver: { args: { uid: Id; exceptSid?: Id; frame: Buffer }; reply: { total: number } }

  groupCreate: { args: { gid: Id; uid: Id; name: string; desc: string; sid: Id }; reply: Done }
  groupDismiss: { args: { gid: Id } & By; reply: Done }
  /** `sid`: the session that asks; the other sessions of the user get the notice. */
  groupJoin: { args: { gid: Id; uid: Id; sid?: Id }; reply: Done }
  groupQuit: { args: { gid: Id; uid: Id; sid?: Id }; reply: Done }
  groupKick: { args: { gid: Id; uid: Id } & By; reply: Done }
  /** `uid` 0: everybody. */
  groupGag: { args: { gid: Id; uid: Id; on: boolean } & By; reply: Done }
  groupBlacklist: { args: { gid: Id; uid: Id; on: boolean } & By; reply: Done }
  groupManager: { args: { gid: Id; uid: Id; on: boolean } & By; reply: Done }
  groupMembers: { args: { gid: Id; num: number } & By; reply: { list: { uid: Id; role: number }[] } }
  groupOpen: { args: { gid: Id }; reply: Done }
  groupUids: { args: { gid: Id; list: 'blacklist' | 'gags' | 'members' }; reply: Id[] }
  /** Sets the most members when `cap` is given. */
  groupCap: { args: { gid: Id; cap?: number }; reply: { cap: number } }
  /** The largest groups of this owner, most first. */
  groupTop: { args: { num: number; by: 'members' | 'messages' }; reply: Ranked[] }
  groupInvite: { args: { gid: Id; to: Id; by: Id }; reply: Done }
  groupPush: { args: PushArgs & { gid: Id }; reply: Pushed }
  /** A session of a member came online: it gets what the group says from now on. */
  groupAttach: { args: { gid: Id; uid: Id; sid: Id; cid: Id } & Back; reply: { topic: number } }
  groupDetach: { args: { gid: Id; sid: Id; cid: Id }; reply: Done }

  roomCreate: { args: { rid: Id; uid: Id; name: string; desc: string }; reply: Done }
  roomDismiss: { args: { rid: Id } & By; reply: Done }
  roomJoin: {
    args: { rid: Id; uid: Id; sid: Id; cid: Id; listener: number } & Back
    reply: { gid: number; topic: number }
  }
  roomQuit: { args: { rid: Id; sid: Id; cid: Id }; reply: Done }
  roomKick: { args: { rid: Id; uid: Id } & By; reply: Done }
  roomPush: { args: PushArgs & { rid: Id }; reply: Pushed }

  roomOpen: { args: { rid: Id }; reply: Done }
  roomBlacklist: { args: { rid: Id; uid: Id; on: boolean }; reply: Done }
  /** `uid` 0: everybody. */
  roomGag: { args: { rid: Id; uid: Id; on: boolean }; reply: Done }
  /** Sets the places of a sub-group when `cap` is given. */
  roomCap: { args: { rid: Id; cap?: number }; reply: { cap: number } }
  /** The default of all rooms was changed; asked of every worker. */
  roomDefaultCap: { args: { cap: number }; reply: Done }
  roomGroups: { args: { rid: Id }; reply: { gid: number; total: number }[] }
  /** The largest rooms of this owner, most first. */
  roomTop: { args: { num: number }; reply: Ranked[] }

  nodeAdd: { args: NodeAddress; reply: Done }
  nodeDel: { args: NodeAddress; reply: Done }
  /** The nodes that were added, or their status, changed; told to every worker. */
  nodesChanged: { args: { nodes: NodeStatus[] }; reply: Done }

  /** `prec` as in statis/precision.ts. */
  statisAdd: { args: { prec: string; num: number }; reply: Done }
  statisDel: { args: { prec: string }; reply: Done }

  /** Numbers and keeps a push to everybody, or to an app, and has every worker deliver it. */
  broadcast: { args: PushArgs & { app?: string; version?: string }; reply: Pushed }
  sessionBroadcast: {
    args: { msgid: number; frame: Buffer; dataKind: number; expiresAt: number; app?: string; version?: string }
    reply: { total: number }
  }

  /** First use of an idempotency key: `fresh`; else the reply of the first use, once that is known. */
  idempotencyClaim: { args: { key: string }; reply: { fresh: true } | { reply: string } }
  idempotencySettle: { args: { key: string; reply: string }; reply: Done }

  sessionReplaced: { args: { cid: Id }; reply: Done }
  sessionRooms: { args: { cids: Id[] }; reply: Id[] }
  sessionLeftRoom: { args: { cid: Id; rid: Id; notice: Buffer }; reply: Done }
  sessionInGroup: { args: { cid: Id; sid: Id; gid: Id; topic: number; notice?: Buffer }; reply: Done }
  sessionLeftGroup: { args: { cid: Id; gid: Id; notice?: Buffer }; reply: Done }
  /** The counts of a room changed: for those of its sessions who want to know. */
  sessionRoomCounts: { args: { rid: Id; watch: number; frame: Buffer }; reply: Done }
}

export const methods = [
  'userOnline',
  'userOffline',
  'userSessions',
  'userPush',
  'userRelation',
  'userDeliver',
  'groupCreate',
  'groupDismiss',
  'groupJoin',
  'groupQuit',
  'groupKick',
  'groupGag',
  'groupBlacklist',
  'groupManager',
  'groupMembers',
  'groupOpen',
  'groupUids',
  'groupCap',
  'groupTop',
  'groupInvite',
  'groupPush',
  'groupAttach',
  'groupDetach',
  'roomCreate',
  'roomDismiss',
  'roomJoin',
  'roomQuit',
  'roomKick',
  'roomPush',
  'roomOpen',
  'roomBlacklist',
  'roomGag',
  'roomCap',
  'roomDefaultCap',
  'roomGroups',
  'roomTop',
  'nodeAdd',
  'nodeDel',
  'nodesChanged',
  'statisAdd',
  'statisDel',
  'broadcast',
  'sessionBroadcast',
  'idempotencyClaim',
  'idempotencySettle',
  'sessionReplaced',
  'sessionRooms',
  'sessionLeftRoom',
  'sessionInGroup',
  'sessionLeftGroup',
  'sessionRoomCounts',
] as const satisfies readonly (keyof Methods)[]
