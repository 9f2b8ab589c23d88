import { type Id, readId, writeId } from '../util/id.ts'

/** What a key is made of: one or more ids (or other whole numbers from 0), or one text. */
export type Key = readonly [string] | readonly Id[]

/** The keys of a table that begin alike: all, or those with these first ids. */
export type Prefix<K extends Key> = K extends readonly [...infer Rest, unknown]
  ? readonly [] | K | (Rest extends readonly Id[] ? Prefix<Rest> : never)
  : readonly []

const ID_BYTES = 8
/** No key is longer than this; longer texts are refused where they come in. */
export const KEY_BYTES_MAX = 1024

/** Each id takes 8 bytes, big-endian, so that all keys of one first id stand together, in numeric order. */
export function encodeKey(key: Key): Buffer {
  const [first] = key
  if (typeof first === 'string') return Buffer.from(first)
  const bytes = Buffer.allocUnsafe(key.length * ID_BYTES)
  let at = 0
  for (const id of key as readonly Id[]) at = writeId(bytes, at, id)
  return bytes
}

export function decodeKey<K extends Key>(bytes: Buffer, isText: boolean): K {
  if (isText) return [bytes.toString()] as unknown as K
  const ids: Id[] = []
  for (let at = 0; at < bytes.length; at += ID_BYTES) ids.push(readId(bytes, at))
  return ids as unknown as K
}

/** Above every key that begins with these ids and this one. */
export function above(prefix: Key, id: Id): Buffer {
  return endOf(encodeKey([...(prefix as readonly Id[]), id]))
}

/** Above every key that begins with these bytes. */
export function endOf(prefix: Buffer): Buffer {
  return Buffer.concat([prefix, Buffer.alloc(3 * ID_BYTES, 0xff)])
}
