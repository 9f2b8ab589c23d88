import type { Client, Transport } from './client.js'
import { type Credentials, connectTo, credentialsFor, type Device, onlineBody } from './device.js'
import type { Gateway, Scope } from './gateway.js'
import { freshId } from './ids.js'

/*
 * The kernel chooses the worker of a connection (SO_REUSEPORT): a test that needs clients at
 * several workers, or at one in particular, connects until it has them there.
 */

/**
 * With n workers, so many tries in vain have a probability of (1 - 1/n)^TRIES: under 1e-24 for 4.
 */
const TRIES = 200

/** What each worker has heard, by its index. */
async function heardByWorkers(gateway: Gateway): Promise<number[]> {
  const { text } = await gateway.api.call('/metrics')
  const rows = [...text.matchAll(/^imgate_messages_in_total\{worker="\d+"\} (\S+)$/gm)]
  if (rows.length === 0) throw new Error('no imgate_messages_in_total in /metrics')
  return rows.map(([, value]) => Number(value))
}

/**
 * At which worker a client is: the only one that hears its PING. Asks again when somebody else
 * spoke meanwhile.
 */
async function workerOf(gateway: Gateway, client: Client): Promise<number> {
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const before = await heardByWorkers(gateway)
    await client.answer('PING')
    const after = await heardByWorkers(gateway)
    const speaking = after.flatMap((heard, worker) => (heard > before[worker]! ? [worker] : []))
    if (speaking.length === 1) return speaking[0]!
  }
  throw new Error('others speak to the gateway all the time')
}

/** Connects to that worker and signs in. */
export async function goOnlineAt(
  t: Scope,
  gateway: Gateway,
  worker: number,
  transport: Transport,
  credentials: Credentials,
): Promise<Device> {
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const client = await connectTo(t, transport, credentials.address)
    if ((await workerOf(gateway, client)) !== worker) {
      client.destroy()
      continue
    }
    const ack = await client.request('ONLINE', onlineBody(credentials))
    if (ack.code !== 0) throw new Error(`ONLINE was refused: ${ack.code} ${ack.errmsg}`)
    return { ...credentials, client, ack }
  }
  throw new Error(`no connection came to worker ${worker} in ${TRIES} tries`)
}

/**
 * Signs in a device for each transport, the first at worker 0, the next at worker 1, and so on in
 * turn.
 */
export async function signInAtEach(t: Scope, gateway: Gateway, transports: readonly Transport[]): Promise<Device[]> {
  const workers = (await heardByWorkers(gateway)).length
  const devices: Device[] = []
  for (const [index, transport] of transports.entries()) {
    const credentials = await credentialsFor(gateway, transport, freshId())
    devices.push(await goOnlineAt(t, gateway, index % workers, transport, credentials))
  }
  return devices
}
