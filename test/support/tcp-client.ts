import { connect, type Socket } from 'node:net'
import { Client, type Close, type Link } from './client.js'
import { decodeBinary } from './codec.js'
import { withDeadline } from './deadline.js'

export interface TcpConnection {
  readonly client: Client
  readonly socket: Socket
}

/** @param address `ip:port` of the listener @param from the address to connect from; any of 127.0.0.0/8 is this machine's */
export async function connectTcp(address: string, from = '127.0.0.1'): Promise<TcpConnection> {
  const [host, port] = address.split(':')
  const socket = connect({ host: host!, port: Number(port), noDelay: true, localAddress: from })
  const client = new Client('tcp', inbox => {
    let buffered: Buffer = Buffer.alloc(0)
    socket.on('data', chunk => {
      try {
        const { frames, rest } = decodeBinary(Buffer.concat([buffered, chunk]))
        buffered = rest
        const at = performance.now()
        for (const frame of frames) inbox.add({ ...frame, format: 'binary', at })
      } catch (error) {
        inbox.end(`unreadable stream (${(error as Error).message})`)
      }
    })
    const closed = new Promise<Close>(resolve => {
      let reason = 'end of stream'
      socket.on('error', error => {
        reason = error.message
      })
      socket.on('close', () => {
        if (buffered.length > 0) reason += `, ${buffered.length} bytes of an unfinished frame`
        resolve({ code: undefined, reason })
      })
    })
    const link: Link = {
      send: bytes => socket.write(bytes),
      close: () => socket.end(),
      destroy: () => socket.resetAndDestroy(),
      pause: () => socket.pause(),
      resume: () => socket.resume(),
    }
    return { link, closed }
  })
  const opened = new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', reject)
  })
  await withDeadline(opened, () => `a TCP connection to ${address}`)
  return { client, socket }
}
