import type { Id } from '../util/id.ts'

/** The version of what follows. A change of it needs a row in migrations.ts. */
export const SCHEMA_VERSION = 1

export interface SessionRecord {
  readonly uid: Id
  readonly nation: number
  readonly city: number
  readonly town: number
  /** When it was registered, unix milliseconds. */
  readonly at: number
}

export interface RoomRecord {
  /** 0: made by a mere join. */
  readonly owner: Id
  readonly name: string
  readonly desc: string
  /** Places of a sub-group; 0: the default. */
  readonly cap: number
  readonly closed: boolean
}

export interface GroupRecord {
  readonly owner: Id
  readonly name: string
  readonly desc: string
  /** Most members; 0: the default. */
  readonly cap: number
  readonly closed: boolean
}

/** The setting with the places of a sub-group of rooms that have none of their own. */
export const ROOM_CAP_SETTING = 'room-cap'

export const Role = { MEMBER: 0, MANAGER: 1, OWNER: 2 } as const
export type Role = (typeof Role)[keyof typeof Role]

/** Whose late-comers a kept push waits for. */
export const RetainedScope = { ALL: 0, USER: 1, GROUP: 2, ROOM: 3 } as const
export type RetainedScope = (typeof RetainedScope)[keyof typeof RetainedScope]

export interface RetainedRecord {
  /** Unix milliseconds. */
  readonly expiresAt: number
  readonly dataKind: number
  readonly frame: Buffer
  /** The one session meant, for a push to a sid. */
  readonly sid?: Id | undefined
  readonly app?: string | undefined
  readonly version?: string | undefined
}

export interface IdempotencyRecord {
  readonly reply: string
  readonly expiresAt: number
}

/** What the rankings of groups count. */
export interface GroupCounts {
  readonly members: number
  readonly messages: number
}

export const NodeKind = { LISTEND: 1, FRWDER: 2 } as const

export interface NodeRecord {
  readonly ipaddr: string
  readonly port: number
  readonly type: 1 | 2
}

/** The tables: what the key is made of (`key` in table.ts), and the value. */
export interface Schema {
  /** sid */
  sessions: SessionRecord
  /** rid; a room without a record has never been configured */
  rooms: RoomRecord
  /** rid, uid */
  roomBlacklist: 1
  /** rid, uid; uid 0: everybody */
  roomGags: 1
  /** gid */
  groups: GroupRecord
  /** gid, uid */
  groupMembers: Role
  /** uid, gid: the same the other way round */
  memberOf: 1
  /** gid, uid */
  groupBlacklist: 1
  /** gid, uid; uid 0: everybody */
  groupGags: 1
  /** gid */
  groupCounts: GroupCounts
  /** node kind, nid */
  nodes: NodeRecord
  /** precision (statis/precision.ts) */
  statisPrecisions: { readonly num: number }
  /** precision, start of the page in unix seconds: see statis/page.ts */
  statisBuckets: Buffer
  /** uid, whom he blocks */
  userBlocks: 1
  /** uid, whom he mutes */
  userMutes: 1
  /** scope, id, msgid */
  retained: RetainedRecord
  /** scope, id, sid: the highest msgid that the session has had */
  retainedSeen: number
  /** the key's text */
  idempotency: IdempotencyRecord
}

export const tableNames = [
  'sessions',
  'rooms',
  'roomBlacklist',
  'roomGags',
  'groups',
  'groupMembers',
  'memberOf',
  'groupBlacklist',
  'groupGags',
  'groupCounts',
  'nodes',
  'statisPrecisions',
  'statisBuckets',
  'userBlocks',
  'userMutes',
  'retained',
  'retainedSeen',
  'idempotency',
] as const satisfies readonly (keyof Schema)[]
