import { type IncomingMessage, request } from 'node:http'
import { connect } from 'node:net'
import type { Gateway, Scope } from './gateway.js'

/** PING of raw TCP: it is answered before ONLINE. */
const PING = Buffer.from('000000080105000000000001', 'hex')

/** Connects by raw TCP from an address of this machine. @returns whether the gateway answers; else it has closed without a word */
export function isKept(t: Scope, gateway: Gateway, from: string): Promise<boolean> {
  const [host, port] = gateway.tcp.split(':')
  const socket = connect({ host: host!, port: Number(port), localAddress: from })
  t.teardown(() => socket.destroy())
  return new Promise(resolve => {
    socket.on('error', () => resolve(false))
    socket.on('close', () => resolve(false))
    socket.on('data', () => resolve(true))
    socket.write(PING)
  })
}

export interface Upgrade {
  /** 101: it is a WebSocket now. */
  readonly status: number
  readonly retryAfter: string | undefined
  readonly text: string
}

/** Asks for a WebSocket from an address of this machine. */
export function upgradeFrom(t: Scope, gateway: Gateway, from: string): Promise<Upgrade> {
  const [host, port] = gateway.http.split(':')
  const headers = {
    upgrade: 'websocket',
    connection: 'upgrade',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  }
  const asked = request({ host, port, path: '/im/ws', headers, localAddress: from, agent: false })
  asked.end()
  const told = (response: IncomingMessage, text: string): Upgrade => ({
    status: response.statusCode!,
    retryAfter: response.headers['retry-after'],
    text,
  })
  return new Promise((resolve, reject) => {
    asked.on('error', reject)
    asked.on('upgrade', (response, socket) => {
      t.teardown(() => socket.destroy())
      resolve(told(response, ''))
    })
    asked.on('response', async response => {
      let text = ''
      for await (const chunk of response) text += String(chunk)
      resolve(told(response, text))
    })
  })
}
