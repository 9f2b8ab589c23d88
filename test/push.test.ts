import t from 'tap'
import { TRANSPORTS } from './support/client.js'
import { eventually } from './support/deadline.js'
import { type Device, signIn } from './support/device.js'
import { ErrorCode } from './support/error-codes.js'
import { fence } from './support/fence.js'
import { HOLDING, killAndRestart, type Scope, startGateway } from './support/gateway.js'
import { createGroup, joinGroup } from './support/group.js'
import { freshId, type Id } from './support/ids.js'
import { counted } from './support/metrics.js'
import { signInAtEach } from './support/placing.js'
import { pushedText } from './support/pushed.js'
import { joinRoom } from './support/room.js'

const gateway = await startGateway(t)

/** One device per transport. */
async function oneOfEach(t: Scope, more: { app?: string; version?: string } = {}): Promise<Device[]> {
  const devices: Device[] = []
  for (const transport of TRANSPORTS) devices.push(await signIn(t, gateway, { transport, ...more }))
  return devices
}

t.test('a broadcast reaches every session', async t => {
  const own = await startGateway(t)
  const devices = await signInAtEach(t, own, [...TRANSPORTS, ...TRANSPORTS])
  const reply = await own.api.push('broadcast', {}, 'to all')
  t.hasStrict(reply, { code: 0, errmsg: 'OK', total: devices.length })
  for (const { client } of devices) {
    const body = await client.next('BC')
    t.equal(pushedText(client, body), 'to all')
    t.equal(body.msgid, reply.msgid)
  }
  const [first] = devices
  await first!.client.request('OFFLINE')
  await first!.client.closed
  t.equal((await own.api.push('broadcast', {}, 'to the rest')).total, devices.length - 1)
})

t.test('a push to a group reaches the members that are online', async t => {
  const devices = await oneOfEach(t)
  const [owner, member, stranger] = devices as [Device, Device, Device]
  const gid = await createGroup(owner)
  await joinGroup(member, gid)
  const asleep = await signIn(t, gateway, { transport: 'tcp' })
  await joinGroup(asleep, gid)
  await asleep.client.request('OFFLINE')
  await asleep.client.closed
  const reply = await gateway.api.push('group', { gid }, 'to the group')
  t.hasStrict(reply, { gid, code: 0, errmsg: 'OK', total: 2 })
  for (const { client } of [owner, member]) {
    const body = await client.next('GROUP-BC')
    t.hasStrict(body, { gid, msgid: reply.msgid })
    t.equal(pushedText(client, body), 'to the group')
  }
  await fence(gateway, stranger)
  t.strictSame(stranger.client.received('GROUP-BC'), [])
})

t.test('a push to a room reaches the sessions inside', async t => {
  const devices = await oneOfEach(t)
  const outside = await signIn(t, gateway, { transport: 'tcp' })
  const rid = freshId()
  for (const device of devices) await joinRoom(device, rid)
  const reply = await gateway.api.push('room', { rid, expire: 0 }, 'to the room')
  t.hasStrict(reply, { rid, code: 0, errmsg: 'OK', total: 3 })
  for (const { client } of devices) {
    const body = await client.next('ROOM-BC')
    t.hasStrict(body, { rid, msgid: reply.msgid })
    t.equal(pushedText(client, body), 'to the room')
  }
  await fence(gateway, outside)
  t.strictSame(outside.client.received('ROOM-BC'), [])
})

t.test('a push to a sid reaches that session, a push to a uid all of the user', async t => {
  const uid = freshId()
  const devices: Device[] = []
  for (const transport of TRANSPORTS) devices.push(await signIn(t, gateway, { transport, uid }))
  for (const device of devices) {
    const reply = await gateway.api.push('sid', { sid: device.sid }, `to ${device.sid}`)
    t.hasStrict(reply, { sid: device.sid, code: 0, total: 1 })
    const body = await device.client.next('P2P')
    t.equal(pushedText(device.client, body), `to ${device.sid}`)
    t.equal(body.msgid, reply.msgid)
  }
  const reply = await gateway.api.push('uid', { uid }, 'to you')
  t.hasStrict(reply, { uid, code: 0, total: 3 })
  for (const { client } of devices) t.equal(pushedText(client, await client.next('P2P')), 'to you')
  await fence(gateway, ...devices)
  for (const { client } of devices) t.equal(client.received('P2P').length, 3, 'its own, the one for all, the fence')
})

t.test('a push to an app reaches its sessions, or those of one version', async t => {
  const one = await oneOfEach(t, { app: 'news', version: '1.0' })
  const two = await oneOfEach(t, { app: 'news', version: '2.0' })
  const other = await oneOfEach(t, { app: 'games', version: '1.0' })
  const all = await gateway.api.push('appid', { appid: 'news' }, 'to news')
  t.hasStrict(all, { appid: 'news', code: 0, total: 6 })
  for (const { client } of [...one, ...two]) t.equal(pushedText(client, await client.next('BC')), 'to news')
  t.equal((await gateway.api.push('appid', { appid: 'news', version: '2.0' }, 'to news 2.0')).total, 3)
  for (const { client } of two) t.equal(pushedText(client, await client.next('BC')), 'to news 2.0')
  await fence(gateway, ...one, ...other)
  for (const { client } of one) t.equal(client.received('BC').length, 1)
  for (const { client } of other) t.strictSame(client.received('BC'), [])
})

t.test('a push to nobody succeeds and reaches nobody', async t => {
  for (const [dim, query] of [
    ['room', { rid: freshId(), expire: 0 }],
    ['sid', { sid: 2n ** 52n }],
    ['uid', { uid: 2n ** 64n - 1n }],
    ['appid', { appid: 'nobody-runs-this' }],
    ['appid', { appid: 'test', version: 'never' }],
  ] as const) {
    const reply = await gateway.api.push(dim, query, 'hello?')
    t.hasStrict(reply, { code: 0, errmsg: 'OK', total: 0 }, dim)
  }
})

t.test('pushes to a room keep their order, in one line with its chat', async t => {
  const busy = await startGateway(t, { env: HOLDING })
  const devices = await signInAtEach(t, busy, TRANSPORTS)
  const rid = freshId()
  for (const device of devices) await joinRoom(device, rid)
  const msgids: (Id | undefined)[] = []
  for (let index = 0; index < 30; index += 1) {
    const { client, uid } = devices[index % 3]!
    const ack = await client.request('ROOM-CHAT', { uid, rid, level: 1, text: `chat ${index}` })
    const reply = await busy.api.push('room', { rid, expire: 0 }, `push ${index}`)
    msgids.push(ack.msgid, reply.msgid)
  }
  for (const { client } of devices) {
    await client.next('ROOM-BC', ({ msgid }) => msgid === msgids.at(-1))
    const seen = client.inbox.arrivals.filter(({ cmd }) => cmd === 'ROOM-BC' || cmd === 'ROOM-CHAT')
    t.strictSame(
      seen.map(({ body }) => body.msgid),
      msgids,
    )
  }
})

t.test('the same Idempotency-Key gives the first reply again and delivers nothing twice', async t => {
  const devices = await oneOfEach(t)
  const rid = freshId()
  for (const device of devices) await joinRoom(device, rid)
  const idempotencyKey = `order-${rid}`
  const push = () => gateway.api.push('room', { rid, expire: 0 }, 'once', { idempotencyKey })
  const first = await push()
  t.equal(first.total, 3)
  for (let again = 0; again < 5; again += 1) t.strictSame(await push(), first)
  t.equal(
    (await gateway.api.push('room', { rid, expire: 0 }, 'last', { idempotencyKey: `${idempotencyKey}-2` })).total,
    3,
  )
  for (const { client } of devices) {
    await client.next('ROOM-BC', body => pushedText(client, body) === 'last')
    t.equal(client.received('ROOM-BC').length, 2)
  }
})

t.test('calls with one Idempotency-Key at the same time deliver once', async t => {
  const device = await signIn(t, gateway, { transport: 'tcp' })
  const push = () => gateway.api.push('uid', { uid: device.uid }, 'once', { idempotencyKey: `burst-${device.uid}` })
  const replies = await Promise.all(Array.from({ length: 12 }, push))
  const done = replies.filter(({ code }) => code === ErrorCode.OK)
  t.ok(done.length >= 1)
  t.equal(new Set(done.map(({ msgid }) => msgid)).size, 1, 'one message')
  await fence(gateway, device)
  t.equal(device.client.received('P2P').length, 2, 'it and the fence')
})

t.test('an Idempotency-Key of one push is refused for another one, also after a crash', async t => {
  const own = await startGateway(t)
  const rid = freshId()
  const key = 'used twice'
  const first = await own.api.push('room', { rid, expire: 0 }, 'one', { idempotencyKey: key })
  t.equal(first.code, 0)
  const isRefused = async ({ api }: typeof own) => {
    for (const [query, body] of [
      [{ rid, expire: 0 }, 'other'],
      [{ rid, expire: 1 }, 'one'],
      [{ rid: freshId(), expire: 0 }, 'one'],
    ] as const) {
      const { code, errmsg } = await api.push('room', query, body, { idempotencyKey: key })
      t.equal(code, 10017)
      t.match(errmsg, /Idempotency-Key/)
    }
    t.equal((await api.push('room', { rid, expire: 0 }, 'one', { idempotencyKey: key })).msgid, first.msgid)
  }
  await isRefused(own)
  await isRefused(await killAndRestart(t, own))
})

t.test('a new Idempotency-Key too many is refused, those that are kept are not forgotten', async t => {
  for (const [option, value, keys] of [
    ['IDEMPOTENCY_KEYS_MAX', '3', 3],
    ['IDEMPOTENCY_BYTES_MAX', '1024', 4],
  ] as const) {
    const own = await startGateway(t, { env: { IMGATE_WORKERS: '1', [`IMGATE_${option}`]: value } })
    const push = (key: string) => own.api.push('room', { rid: 1, expire: 0 }, 'one', { idempotencyKey: key })
    const first = await push('key 0')
    for (let index = 1; index < keys; index += 1) t.equal((await push(`key ${index}`)).code, 0)
    const { code, errmsg } = await push('one more')
    t.equal(code, 10009)
    t.match(errmsg, /^Idempotency-Key: .* \(idempotency(Keys|Bytes)Max\)/)
    t.strictSame(await push('key 0'), first)
    t.equal((await own.api.push('room', { rid: 1, expire: 0 }, 'no key')).code, 0)
    await eventually(
      async () => [await counted(own, 'idempotency_keys'), await counted(own, 'idempotency_keys_refused_total')],
      ([kept, refused]) => kept === keys && refused === 1,
      'the metrics',
    )
  }
})
