import { connect } from 'node:net'

/** How long a node may take to accept. */
const PROBE_MS = 1000

/** Whether a TCP connection to this address is accepted. */
export function acceptsTcp(host: string, port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ host, port })
    const settle = (isUp: boolean) => {
      socket.destroy()
      resolve(isUp)
    }
    socket.setTimeout(PROBE_MS, () => settle(false))
    socket.once('connect', () => settle(true))
    socket.once('error', () => settle(false))
  })
}
