import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import t from 'tap'
import { eventually } from './support/deadline.js'
import { connectClient, signIn } from './support/device.js'
import { type Gateway, type Scope, startGateway } from './support/gateway.js'

const UPGRADE = [
  'GET /im/ws HTTP/1.1',
  'Host: gateway',
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version: 13',
  '\r\n',
].join('\r\n')

/** A connection that closes its side only when the test ends. */
function stay(t: Scope, address: string): Socket {
  const [host, port] = address.split(':')
  const socket = connect({ host: host!, port: Number(port), allowHalfOpen: true })
  socket.on('error', () => undefined)
  t.teardown(() => socket.destroy())
  return socket
}

/** Asks for a WebSocket, and stays. @returns the status of the answer; 0: the connection has ended without one */
async function upgrade(t: Scope, address: string): Promise<{ status: number; head: string }> {
  const socket = stay(t, address)
  socket.write(UPGRADE)
  let head = ''
  socket.on('data', chunk => {
    head += String(chunk)
  })
  await Promise.race([once(socket, 'data'), once(socket, 'end'), once(socket, 'close')]).catch(() => undefined)
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1] ?? 0), head }
}

async function isRefused(t: Scope, address: string): Promise<boolean> {
  const socket = stay(t, address)
  let isOver = false
  for (const event of ['end', 'close']) {
    socket.once(event, () => {
      isOver = true
    })
  }
  // What waits to be accepted is accepted before the answer to a later call.
  await once(socket, 'connect').catch(() => undefined)
  await Promise.race([once(socket, 'end'), once(socket, 'close'), new Promise(resolve => setTimeout(resolve, 500))])
  return isOver
}

function openFiles({ process }: Gateway): number {
  const pid = process.log.find(({ msg }) => msg === 'ready')!['pid'] as number
  return readdirSync(`/proc/${pid}/fd`).length
}

async function clientsOf(gateway: Gateway): Promise<number> {
  const { text } = await gateway.api.call('/metrics')
  const counts = [...text.matchAll(/^imgate_connections_(?:ws|tcp)\{[^}]*\} (\d+)$/gm)]
  return counts.reduce((sum, [, count]) => sum + Number(count), 0)
}

t.test('all workers have the places together, and probes and operators have their own', async t => {
  const env = { IMGATE_CONNECTIONS_MAX: '12', IMGATE_WORKERS: '3', IMGATE_LOGIN_TIMEOUT_MS: '600000' }
  const gateway = await startGateway(t, { env })
  t.match(
    gateway.process.log.find(({ msg }) => msg === 'places for connections'),
    { clients: 12, http: Number, openFiles: Number },
    'the limits are said at the start',
  )
  const clients = []
  for (let index = 0; index < 12; index += 1) {
    clients.push(await connectClient(t, gateway, index % 2 === 0 ? 'tcp' : 'ws-binary'))
  }
  await eventually(
    () => clientsOf(gateway),
    count => count === 12,
    'twelve clients',
  )
  const { status, head } = await upgrade(t, gateway.http)
  t.equal(status, 503, 'a WebSocket too many')
  t.match(head, /retry-after: \d/i)
  t.ok(await isRefused(t, gateway.tcp), 'a raw TCP client too many')
  for (const path of ['/healthz', '/readyz', '/metrics']) t.equal((await gateway.api.call(path)).status, 200, path)
  t.equal((await gateway.api.register(1)).code, 0, 'an operator')
  clients[0]!.destroy()
  await eventually(
    async () => (await upgrade(t, gateway.http)).status,
    found => found === 101,
    'a place that is free again',
  )
})

t.test('HTTP connections that stay open take no place of clients', async t => {
  const gateway = await startGateway(t, { env: { IMGATE_CONNECTIONS_MAX: '2', IMGATE_WORKERS: '1' } })
  for (let index = 0; index < 20; index += 1) {
    const socket = stay(t, gateway.http)
    socket.write('GET /healthz HTTP/1.1\r\nHost: gateway\r\n\r\n')
    await once(socket, 'data')
  }
  await signIn(t, gateway, { transport: 'tcp' })
  await signIn(t, gateway, { transport: 'ws-json' })
  t.equal((await upgrade(t, gateway.http)).status, 503)
})

t.test('with a small limit of open files no flood of connections uses them up', async t => {
  const openFilesMax = 320
  // Those who do not sign in are closed at once, and stay on their side: closed, but not gone.
  const env = { IMGATE_LOGIN_TIMEOUT_MS: '100', IMGATE_CONNECTIONS_MAX: '100000' }
  const gateway = await startGateway(t, { openFilesMax, env })
  const limits = gateway.process.log.find(({ msg }) => String(msg).startsWith('the limit of open files allows fewer'))
  t.match(limits, { level: 40, connectionsMax: 100_000, openFiles: openFilesMax }, 'the start says what is possible')
  const { clients, http } = limits as unknown as { clients: number; http: number }
  t.comment(`${clients} clients, ${http} for HTTP`)
  let most = 0
  const statuses = new Map<number, number>()
  for (let wave = 0; wave < 4; wave += 1) {
    const flood = Array.from({ length: clients }, () => upgrade(t, gateway.http))
    for (const { status } of await Promise.all(flood)) statuses.set(status, (statuses.get(status) ?? 0) + 1)
    most = Math.max(most, openFiles(gateway))
    t.equal((await gateway.api.call('/healthz')).status, 200, 'a probe is answered')
    t.equal((await gateway.api.call('/metrics')).status, 200, 'metrics too')
  }
  t.comment(`statuses ${JSON.stringify([...statuses])}, at most ${most} open files`)
  t.ok((statuses.get(101) ?? 0) > 0, 'some got in')
  t.ok((statuses.get(503) ?? 0) + (statuses.get(0) ?? 0) > 0, 'some were refused')
  t.ok(most < openFilesMax - 16, `${most} open files`)
  await eventually(
    async () => openFiles(gateway),
    count => count < openFilesMax - clients,
    'what was closed is gone',
    20_000,
  )
  await signIn(t, gateway, { transport: 'ws-json' })
})

t.test('a client that is closed for reading slowly, and then reads, does not keep its connection', async t => {
  const env = { IMGATE_PUSH_BYTES_MAX: '1000000', IMGATE_WORKERS: '1', IMGATE_HEARTBEAT_MS: '3000' }
  const gateway = await startGateway(t, { env })
  const before = openFiles(gateway)
  const { uid, sid, token } = await (async () => {
    const { sid } = await gateway.api.register(7)
    return { uid: 7, sid: sid!, token: (await gateway.api.iplist(7, sid!, 2)).token! }
  })()
  const socket = stay(t, gateway.http)
  socket.write(UPGRADE)
  await once(socket, 'data')
  const text = Buffer.from(JSON.stringify({ cmd: 'ONLINE', seq: 1, body: { uid, sid, token, app: 'a', version: '1' } }))
  // Masked with zeros, as a client has to.
  socket.write(Buffer.concat([Buffer.from([0x81, 0xfe, text.length >> 8, text.length & 255, 0, 0, 0, 0]), text]))
  await once(socket, 'data')
  socket.pause()
  const payload = Buffer.alloc(1_000_000)
  await eventually(
    async () => {
      await gateway.api.push('broadcast', {}, payload, { contentType: 'application/octet-stream' })
      return (await gateway.api.call('/metrics')).text
    },
    page => /^imgate_closed_slow_consumer_total\{[^}]*\} 1$/m.test(page),
    'the end of a client that reads nothing',
  )
  t.ok(openFiles(gateway) > before, 'closed, but not gone')
  socket.resume()
  await once(socket, 'end')
  await eventually(
    async () => openFiles(gateway),
    count => count <= before,
    'the end of its connection',
    30_000,
  )
})

t.test('thousands who come at once wait to be accepted, and none has to try again', async t => {
  const waiting = 2000
  const gateway = await startGateway(t, { env: { IMGATE_WORKERS: '1' } })
  // A worker that is busy accepts nobody.
  gateway.process.signal('SIGSTOP')
  let connected = 0
  const sockets = Array.from({ length: waiting }, () => {
    const socket = stay(t, gateway.http)
    socket.once('connect', () => {
      connected += 1
    })
    return socket
  })
  await eventually(
    async () => connected,
    count => count === waiting,
    'all are in a queue',
  )
  gateway.process.signal('SIGCONT')
  sockets.at(-1)!.write('GET /healthz HTTP/1.1\r\nHost: gateway\r\n\r\n')
  await once(sockets.at(-1)!, 'data')
  for (const socket of sockets) socket.destroy()
  t.equal((await gateway.api.call('/healthz')).status, 200)
})
