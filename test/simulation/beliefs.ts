import type { Endpoint, Heard } from './endpoint.js'
import type { Check } from './scene.js'

const BUSY = 10009

/** What a client comes to believe by what it hears. Comes behind the checks that judge a frame by what was believed before it. */
export const beliefs: Check = {
  heard(endpoint, { cmd, seq, body }) {
    const { rooms, told, doubted } = endpoint
    const asked = endpoint.asked.get(seq)
    if (seq > 0 && asked !== undefined) asked.code ??= body.code ?? 0
    const rid = Number(body.rid)
    switch (cmd) {
      case 'ONLINE-ACK':
        if (endpoint.state === 'signing in') endpoint.state = body.code === 0 ? 'online' : 'new'
        return
      case 'ROOM-JOIN-ACK':
        if (body.code === BUSY && rooms.delete(rid)) doubted.add(rid)
        if (body.code !== 0) return
        doubted.delete(rid)
        if (!rooms.has(rid)) forget(told, rid)
        rooms.set(rid, body.gid as number)
        return
      case 'ROOM-QUIT-ACK':
        if (body.code === 0) leave(endpoint, rid)
        return
      case 'ROOM-KICK-NTF':
        if (body.uid === endpoint.device.uid) leave(endpoint, rid)
        return
      case 'ROOM-DISMISS-NTF':
        leave(endpoint, rid)
    }
  },
}

function leave({ rooms, doubted }: Endpoint, rid: number): void {
  rooms.delete(rid)
  doubted.delete(rid)
}

/** Notices begin anew. */
export function forget(told: Endpoint['told'], rid: number): void {
  for (const key of told.keys()) if (key.startsWith(`${rid}/`)) told.delete(key)
}

/** The text of a chat or push, whatever the form. */
export function textOf({ body }: Pick<Heard, 'body'>): string | undefined {
  if (typeof body.text === 'string') return body.text
  if (typeof body.data === 'string') return body.data
  if (typeof body.data64 === 'string') return Buffer.from(body.data64, 'base64').toString()
  return body.data instanceof Uint8Array ? Buffer.from(body.data).toString() : undefined
}
