import type { Gid, Rid, Sid, Uid, UidOrAll } from '../util/id.ts'

/** One field that the gateway sends: its type for the compiler, and its name for that type in docs/protocol.md. */
export interface ReplyField<T, Needed extends boolean = true> {
  readonly doc: string
  readonly needed: Needed
  /** For the compiler alone. */
  readonly type?: T
}

/** The fields of an ack by their wire names. */
export type ReplySpec = { readonly [name: string]: ReplyField<unknown, boolean> }

type NeededOf<S> = { [K in keyof S]: S[K] extends ReplyField<unknown, true> ? K : never }[keyof S]
type TypeOf<F> = F extends ReplyField<infer T, boolean> ? T : never

export type FieldsOf<S extends ReplySpec> = { readonly [K in NeededOf<S>]: TypeOf<S[K]> } & {
  readonly [K in Exclude<keyof S, NeededOf<S>>]?: TypeOf<S[K]>
}

export function field<T>(doc: string): ReplyField<T> {
  return { doc, needed: true }
}

export const uid = field<Uid>('id')
export const sid = field<Sid>('id')
export const gid = field<Gid>('id')
export const rid = field<Rid>('id')
export const uidOrAll = field<UidOrAll>('id or 0')
export const uint32 = field<number>('uint32')
export const msgid: ReplyField<number, false> = { doc: 'uint64', needed: false }
export const members = field<readonly { readonly uid: Uid; readonly role: number }[]>('array of {uid, role}')
