import type { Body } from './body.js'
import { describe } from './deadline.js'
import type { Device } from './device.js'
import type { Id } from './ids.js'

/** Joins a room. @throws when it is refused */
export async function joinRoom({ client, uid }: Device, rid: Id): Promise<Body> {
  const ack = await client.request('ROOM-JOIN', { uid, rid })
  if (ack.code !== 0) throw new Error(`ROOM-JOIN was refused: ${describe(ack)}`)
  return ack
}

/** Says something in a room; the answer may be a refusal. */
export function chatRoom({ client, uid }: Device, rid: Id, text: string, more: object = {}): Promise<Body> {
  return client.request('ROOM-CHAT', { uid, rid, level: 1, text, ...more })
}

/** Makes a room that the device owns and is told the id of. */
export async function createRoom({ client, uid }: Device): Promise<Id> {
  const ack = await client.request('ROOM-CREAT', { uid, name: 'a room', desc: 'of a test' })
  if (ack.code !== 0 || ack.rid === undefined) throw new Error(`ROOM-CREAT was refused: ${describe(ack)}`)
  return ack.rid
}
