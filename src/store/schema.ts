import type { StoredOf, StoredScope } from '../contract/stored.ts'
import type { Gid, Id, Nid, Rid, Sid, Uid, UidOrAll } from '../util/id.ts'
import type { Key } from './key.ts'

/** The version of what follows. A change of it needs a row in migrations.ts. */
export const SCHEMA_VERSION = 2

export interface SessionRecord {
  readonly uid: Uid
  readonly nation: number
  readonly city: number
  readonly town: number
  /** When it was registered, unix milliseconds. */
  readonly at: number
  /** When it last signed in, roughly; kept only while unused registrations are forgotten. */
  readonly seenAt?: number
}

export interface RoomRecord {
  /** 0: no owner; the room exists only by joins or by the HTTP API. */
  readonly owner: UidOrAll
  readonly name: string
  readonly desc: string
  /** Places of a sub-group; 0: the default. */
  readonly cap: number
  readonly closed: boolean
}

export interface GroupRecord {
  readonly owner: Uid
  readonly name: string
  readonly desc: string
  /** Most members; 0: the default. */
  readonly cap: number
  readonly closed: boolean
}

/** The setting with the places of a sub-group, for rooms without a cap of their own. */
export const ROOM_CAP_SETTING = 'room-cap'

export const Role = { MEMBER: 0, MANAGER: 1, OWNER: 2 } as const
export type Role = (typeof Role)[keyof typeof Role]

export interface StoredPush {
  /** Unix milliseconds. */
  readonly expiresAt: number
  readonly dataKind: number
  readonly frame: Buffer
  /** For a push to a sid: the only session that gets it. */
  readonly sid?: Sid | undefined
  readonly app?: string | undefined
  readonly version?: string | undefined
}

export interface IdempotencyRecord {
  /** Of the request; those of 0.1.0 have none. */
  readonly digest?: string
  readonly reply: string
  readonly expiresAt: number
}

/** What the rankings of groups count. */
export interface GroupCounts {
  readonly members: number
  readonly messages: number
}

export const NodeKind = { LISTEND: 1, FRWDER: 2 } as const
export type NodeKind = (typeof NodeKind)[keyof typeof NodeKind]

export interface NodeRecord {
  readonly ipaddr: string
  readonly port: number
  readonly type: 1 | 2
}

interface TableRow<K extends Key, V> {
  /** Its name in the file, where that is older than ours. */
  readonly name?: string
  readonly isText: boolean
  /** Types only. */
  readonly key?: K
  readonly value?: V
}

function byIds<K extends readonly Id[], V>(name?: string): TableRow<K, V> {
  return { isText: false, ...(name === undefined ? {} : { name }) }
}

function byText<V>(): TableRow<readonly [string], V> {
  return { isText: true }
}

/** The tables: what the key is made of, and the value. */
export const tableRows = {
  sessions: byIds<readonly [Sid], SessionRecord>(),
  /** A room without a record has never been configured. */
  rooms: byIds<readonly [Rid], RoomRecord>(),
  roomBlacklist: byIds<readonly [Rid, Uid], 1>(),
  roomGags: byIds<readonly [Rid, UidOrAll], 1>(),
  groups: byIds<readonly [Gid], GroupRecord>(),
  groupMembers: byIds<readonly [Gid, Uid], Role>(),
  /** The same the other way round. */
  memberOf: byIds<readonly [Uid, Gid], 1>(),
  groupBlacklist: byIds<readonly [Gid, Uid], 1>(),
  groupGags: byIds<readonly [Gid, UidOrAll], 1>(),
  groupCounts: byIds<readonly [Gid], GroupCounts>(),
  nodes: byIds<readonly [NodeKind, Nid], NodeRecord>(),
  /** Number of the precision (stats/precision.ts). */
  statsPrecisions: byIds<readonly [number], { readonly num: number }>('statisPrecisions'),
  /** Number of the precision, start of the page in unix seconds: see stats/page.ts. */
  statsBuckets: byIds<readonly [number, number], Buffer>('statisBuckets'),
  /** Who blocks whom. */
  userBlocks: byIds<readonly [Uid, Uid], 1>(),
  /** Who mutes whom. */
  userMutes: byIds<readonly [Uid, Uid], 1>(),
  /** Scope, whose (0: everybody), msgid. */
  storedPushes: byIds<readonly [StoredScope, StoredOf, number], StoredPush>('retained'),
  /** Of a device: scope, whose. The highest msgid that it has had, and when the last of those pushes ends. */
  storedMarks: byIds<readonly [Uid, Sid, StoredScope, StoredOf], readonly [upTo: number, endsAt: number]>(),
  idempotency: byText<IdempotencyRecord>(),
} as const

export type TableName = keyof typeof tableRows
export type KeyOf<N extends TableName> = NonNullable<(typeof tableRows)[N]['key']>
export type ValueOf<N extends TableName> = NonNullable<(typeof tableRows)[N]['value']>
export const tableNames = Object.keys(tableRows) as TableName[]
