import { WebSocket } from 'ws'
import { Client, type Close, type Link } from './client.js'
import { decodeBinary, decodeJson } from './codec.js'
import { withDeadline } from './deadline.js'
import type { Inbox } from './inbox.js'

export const WEBSOCKET_PATH = '/im/ws'

/** Puts the frames of one message into the inbox; a binary message must hold whole ones. */
function takeMessage(inbox: Inbox, message: Buffer, isBinary: boolean): void {
  const at = performance.now()
  if (!isBinary) {
    for (const frame of decodeJson(message.toString('utf8'))) inbox.add({ ...frame, format: 'json', at })
    return
  }
  const { frames, rest } = decodeBinary(message)
  for (const frame of frames) inbox.add({ ...frame, format: 'binary', at })
  if (rest.length > 0) throw new Error(`a binary message that ends in ${rest.length} bytes of an unfinished frame`)
}

export interface WebSocketConnection {
  readonly client: Client
  readonly socket: WebSocket
}

/** @param address `ip:port` of the listener @param from the address to connect from; any of 127.0.0.0/8 is this machine's */
export async function connectWebSocket(
  transport: 'ws-binary' | 'ws-json',
  address: string,
  from = '127.0.0.1',
): Promise<WebSocketConnection> {
  const socket = new WebSocket(`ws://${address}${WEBSOCKET_PATH}`, { perMessageDeflate: false, localAddress: from })
  const client = new Client(transport, inbox => {
    const closed = new Promise<Close>(resolve => {
      socket.on('close', (code, reason) => resolve({ code, reason: reason.toString('utf8') }))
    })
    socket.on('message', (data, isBinary) => {
      try {
        takeMessage(inbox, data as Buffer, isBinary)
      } catch (error) {
        inbox.end(`unreadable message (${(error as Error).message})`)
      }
    })
    const link: Link = {
      send: bytes => socket.send(bytes),
      close: () => socket.close(1000),
      destroy: () => socket.terminate(),
      pause: () => socket.pause(),
      resume: () => socket.resume(),
    }
    return { link, closed }
  })
  const opened = new Promise<void>((resolve, reject) => {
    socket.once('open', resolve)
    socket.on('error', reject)
  })
  await withDeadline(opened, () => `a WebSocket at ${address}`)
  return { client, socket }
}
