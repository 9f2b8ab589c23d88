import type { Body } from './body.js'
import type { Client } from './client.js'

/** The bytes of a push as a client got them, however its format carries them. */
export function pushedBytes(client: Client, { data, data64 }: Body): Buffer {
  if (client.format === 'binary') {
    if (!(data instanceof Uint8Array)) throw new Error(`data came as ${typeof data}, not as bytes`)
    return Buffer.from(data)
  }
  if (data64 !== undefined) return Buffer.from(data64, 'base64')
  if (typeof data !== 'string') throw new Error(`data came as ${typeof data}, not as a string`)
  return Buffer.from(data)
}

/** The text of a push. */
export function pushedText(client: Client, body: Body): string {
  return pushedBytes(client, body).toString('utf8')
}
