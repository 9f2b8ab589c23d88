import type { Body } from './body.js'
import type { Client, Transport } from './client.js'
import { describe } from './deadline.js'
import type { Gateway, Scope } from './gateway.js'
import { freshId, type Id } from './ids.js'
import { connectTcp } from './tcp-client.js'
import { connectWebSocket } from './ws-client.js'

export const LISTENER_TYPE = { tcp: 1, 'ws-binary': 2, 'ws-json': 2 } as const

/** What a device gets before it connects. */
export interface Credentials {
  readonly uid: Id
  readonly sid: Id
  readonly token: string
  /** `ip:port` of a listener. */
  readonly address: string
}

/** A signed-in device. */
export interface Device extends Credentials {
  readonly client: Client
  readonly ack: Body
}

export interface DeviceOptions {
  transport: Transport
  uid?: Id
  app?: string
  version?: string
}

/** Registers a device and fetches its token, as its app server does for it. */
export async function credentialsFor(gateway: Gateway, transport: Transport, uid: Id): Promise<Credentials> {
  const { sid } = await gateway.api.register(uid)
  const { token, iplist } = await gateway.api.iplist(uid, sid!, LISTENER_TYPE[transport])
  return { uid, sid: sid!, token: token!, address: iplist![0]! }
}

/** A connection that has not signed in; closed at the end of the test. */
export async function connectTo(t: Scope, transport: Transport, address: string, from?: string): Promise<Client> {
  const { client } =
    transport === 'tcp' ? await connectTcp(address, from) : await connectWebSocket(transport, address, from)
  t.teardown(() => client.destroy())
  return client
}

export function connectClient(t: Scope, gateway: Gateway, transport: Transport, from?: string): Promise<Client> {
  return connectTo(t, transport, transport === 'tcp' ? gateway.tcp : gateway.http, from)
}

export function onlineBody(credentials: Credentials, options: { app?: string; version?: string } = {}): object {
  const { uid, sid, token } = credentials
  return { uid, sid, token, app: options.app ?? 'test', version: options.version ?? '1.0' }
}

/** Connects with credentials and sends ONLINE. @throws when it is refused */
export async function goOnline(
  t: Scope,
  transport: Transport,
  credentials: Credentials,
  options: { app?: string; version?: string } = {},
): Promise<Device> {
  const client = await connectTo(t, transport, credentials.address)
  const ack = await client.request('ONLINE', onlineBody(credentials, options))
  if (ack.code !== 0) throw new Error(`ONLINE was refused: ${describe(ack)}`)
  return { ...credentials, client, ack }
}

/** Register, iplist, connect, ONLINE: what a device does at its start. */
export async function signIn(t: Scope, gateway: Gateway, options: DeviceOptions): Promise<Device> {
  const credentials = await credentialsFor(gateway, options.transport, options.uid ?? freshId())
  return await goOnline(t, options.transport, credentials, options)
}
