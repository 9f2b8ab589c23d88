import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { TRANSPORTS } from './support/client.js'
import { isKicked } from './support/closing.js'
import { upgradeFrom } from './support/comer.js'
import { eventually } from './support/deadline.js'
import { connectClient, credentialsFor, onlineBody, signIn } from './support/device.js'
import { ErrorCode } from './support/error-codes.js'
import { startGateway } from './support/gateway.js'
import { freshId } from './support/ids.js'
import { counted } from './support/metrics.js'
import { joinRoom } from './support/room.js'

/** Far above what a busy machine makes of its own. */
const DELAY_MS = 150
/** Workers stand still for so long each time: over four times the delay. */
const BUSY_MS = 900
const LEVEL_MAX = 3
const RECOVERY_MS = 60_000

const folder = mkdtempSync(join(tmpdir(), 'imgate-busy-'))
const order = join(folder, 'ms')
t.teardown(() => rmSync(folder, { recursive: true }))
const preload = join(dirname(fileURLToPath(import.meta.url)), 'support', 'busy-worker.js')

t.test('an overloaded gateway sheds newcomers, joins and chats of level 0, and serves who is in', async t => {
  writeFileSync(order, '0')
  const gateway = await startGateway(t, {
    env: {
      IMGATE_OVERLOAD_DELAY_MS: String(DELAY_MS),
      IMGATE_WORKERS: '1',
      IMGATE_LOGIN_TIMEOUT_MS: '60000',
      IMGATE_TEST_BUSY_FILE: order,
      NODE_OPTIONS: `--import=${preload}`,
    },
  })
  const level = () => counted(gateway, 'overload_level')
  const readiness = async () => {
    const { status, body } = await gateway.api.call('/readyz')
    return { status, ready: body['ready'], reasons: body['reasons'] }
  }
  await eventually(level, now => now === 0, 'calm', RECOVERY_MS)
  t.strictSame(await readiness(), { status: 200, ready: true, reasons: [] })
  const rid = freshId()
  const devices = []
  for (const transport of TRANSPORTS) {
    const device = await signIn(t, gateway, { transport })
    await joinRoom(device, rid)
    devices.push(device)
  }
  const newcomers = []
  for (const transport of TRANSPORTS) {
    const credentials = await credentialsFor(gateway, transport, freshId())
    newcomers.push({ credentials, client: await connectClient(t, gateway, transport) })
  }

  writeFileSync(order, String(BUSY_MS))
  await eventually(level, now => now === LEVEL_MAX, 'overload', RECOVERY_MS)
  t.strictSame(await readiness(), { status: 200, ready: true, reasons: ['overload'] })

  const kick = { code: ErrorCode.BUSY, retry: 1, closeCode: 4007 } as const
  await Promise.all([
    ...newcomers.map(async ({ credentials, client }) => {
      t.equal((await client.request('ONLINE', onlineBody(credentials))).code, ErrorCode.BUSY, 'no sign-in')
      await isKicked(t, client, kick)
    }),
    (async () => {
      const refusal = await upgradeFrom(t, gateway, '127.0.0.1')
      t.equal(refusal.status, 503, 'no new WebSocket')
      t.ok(Number(refusal.retryAfter) > 0)
    })(),
    (async () => await isKicked(t, await connectClient(t, gateway, 'tcp'), kick))(),
    (async () => {
      const reply = await gateway.api.call('/im/register', { query: { uid: '5', nation: '1', city: '1', town: '1' } })
      t.equal(reply.status, 503)
      t.equal(reply.body.code, ErrorCode.BUSY, 'no registration')
      t.ok(Number(reply.headers['retry-after']) > 0)
    })(),
    ...devices.map(async ({ client, uid }) => {
      const chat = { uid, rid, text: 'hello' }
      const asked = [
        client.request('ROOM-JOIN', { uid, rid: freshId() }),
        client.request('GROUP-JOIN', { uid, gid: freshId() }),
        client.request('ROOM-CREAT', { uid, name: 'x', desc: '' }),
        client.request('ROOM-CHAT', { ...chat, level: 0 }),
      ]
      for (const { code } of await Promise.all(asked)) t.equal(code, ErrorCode.BUSY)
      const done = [
        client.request('ROOM-CHAT', { ...chat, level: 1 }),
        client.request('ROOM-JOIN', { uid, rid }),
        client.answer('PING').then(({ body }) => ({ code: 0, ...body })),
      ]
      for (const { code } of await Promise.all(done)) t.equal(code, 0, 'who is in goes on')
    }),
  ])
  t.ok((await gateway.api.push('room', { rid, expire: 0 }, 'to all')).total === devices.length)
  t.equal(await counted(gateway, 'closed_overload_total'), newcomers.length + 1)
  t.equal(await counted(gateway, 'shed_connections_total'), newcomers.length + 3)
  t.equal(await counted(gateway, 'shed_joins_total'), 3 * devices.length)
  t.equal(await counted(gateway, 'shed_messages_total'), devices.length)

  writeFileSync(order, '0')
  await eventually(level, now => now === 0, 'calm again', RECOVERY_MS)
  await signIn(t, gateway, { transport: 'ws-json' })
})

t.test('with readySheds an overloaded gateway is not ready', async t => {
  writeFileSync(order, '0')
  const gateway = await startGateway(t, {
    env: {
      IMGATE_OVERLOAD_DELAY_MS: String(DELAY_MS),
      IMGATE_READY_SHEDS: '1',
      IMGATE_TEST_BUSY_FILE: order,
      NODE_OPTIONS: `--import=${preload}`,
    },
  })
  writeFileSync(order, String(BUSY_MS))
  const { body } = await eventually(
    () => gateway.api.call('/readyz'),
    ({ status }) => status === 503,
    'not ready',
    RECOVERY_MS,
  )
  t.strictSame([body['ready'], body['reasons']], [false, ['overload']])
  writeFileSync(order, '0')
})
