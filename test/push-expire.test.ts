import t from 'tap'
import { TRANSPORTS } from './support/client.js'
import { eventually } from './support/deadline.js'
import { credentialsFor, type Device, goOnline, signIn } from './support/device.js'
import { fence } from './support/fence.js'
import { type Scope, startGateway } from './support/gateway.js'
import { createGroup, joinGroup } from './support/group.js'
import { freshId, type Id } from './support/ids.js'
import { pushedText } from './support/pushed.js'
import { joinRoom } from './support/room.js'

const gateway = await startGateway(t)

for (const transport of TRANSPORTS) {
  t.test(`who joins while a room's push is valid gets it once over ${transport}`, async t => {
    const rid = freshId()
    const inside = await signIn(t, gateway, { transport })
    await joinRoom(inside, rid)
    const reply = await gateway.api.push('room', { rid, expire: 60 }, 'still valid')
    t.equal(reply.total, 1)
    await inside.client.next('ROOM-BC')

    const late = await signIn(t, gateway, { transport })
    await joinRoom(late, rid)
    const body = await late.client.next('ROOM-BC')
    t.hasStrict(body, { rid, msgid: reply.msgid })
    t.equal(pushedText(late.client, body), 'still valid')

    for (const device of [inside, late]) {
      await device.client.request('ROOM-QUIT', { uid: device.uid, rid })
      await joinRoom(device, rid)
      await fence(gateway, device)
      t.equal(device.client.received('ROOM-BC').length, 1, 'joining again does not bring it again')
    }
  })

  t.test(`a push that is valid for 0 seconds is for those inside only over ${transport}`, async t => {
    const rid = freshId()
    t.equal((await gateway.api.push('room', { rid, expire: 0 }, 'gone')).total, 0)
    const late = await signIn(t, gateway, { transport })
    await joinRoom(late, rid)
    await fence(gateway, late)
    t.strictSame(late.client.received('ROOM-BC'), [])
  })

  t.test(`a push to a user that is valid meets him when he comes online, once, over ${transport}`, async t => {
    const uid = freshId()
    const reply = await gateway.api.push('uid', { uid, expire: 60 }, 'while you were away')
    t.hasStrict(reply, { code: 0, total: 0 })
    const credentials = await credentialsFor(gateway, transport, uid)
    const device = await goOnline(t, transport, credentials)
    const body = await device.client.next('P2P')
    t.equal(body.msgid, reply.msgid)
    t.equal(pushedText(device.client, body), 'while you were away')
    await device.client.request('OFFLINE')
    await device.client.closed
    const again = await goOnline(t, transport, credentials)
    await fence(gateway, again)
    t.equal(again.client.received('P2P').length, 1, 'only the fence')
  })
}

t.test('several valid pushes meet a late joiner in their order', async t => {
  const rid = freshId()
  const texts = ['one', 'two', 'three', 'four', 'five']
  for (const text of texts) await gateway.api.push('room', { rid, expire: 60 }, text)
  for (const transport of TRANSPORTS) {
    const { client, ...device } = await signIn(t, gateway, { transport })
    await joinRoom({ client, ...device }, rid)
    for (const text of texts) t.equal(pushedText(client, await client.next('ROOM-BC')), text)
  }
})

t.test('a push that is valid meets late sessions in every other dimension', async t => {
  const owner = await signIn(t, gateway, { transport: 'tcp' })
  const gid = await createGroup(owner)
  const late = await credentialsFor(gateway, 'ws-json', freshId())
  const earlier = await goOnline(t, 'ws-json', late)
  await joinGroup(earlier, gid)
  await earlier.client.request('OFFLINE')
  await earlier.client.closed
  await gateway.api.push('group', { gid, expire: 60 }, 'group')
  await gateway.api.push('sid', { sid: late.sid, expire: 60 }, 'sid')
  await gateway.api.push('appid', { appid: 'late-app', version: '3', expire: 60 }, 'app')
  await gateway.api.push('broadcast', { expire: 60 }, 'all')
  const { client } = await goOnline(t, 'ws-json', late, { app: 'late-app', version: '3' })
  t.equal(pushedText(client, await client.next('GROUP-BC')), 'group')
  t.equal(pushedText(client, await client.next('P2P')), 'sid')
  const texts = [await client.next('BC'), await client.next('BC')].map(body => pushedText(client, body))
  t.strictSame(new Set(texts), new Set(['app', 'all']))
  const other = await signIn(t, gateway, { transport: 'ws-json', app: 'late-app', version: '4' })
  await other.client.next('BC')
  await fence(gateway, other)
  t.equal(other.client.received('BC').length, 1, 'another version gets the broadcast only')
})

t.test('a push that has expired is gone', async t => {
  const own = await startGateway(t)
  const rid = freshId()
  /** Whether somebody who joins now still gets it. */
  const isValid = async (t: Scope): Promise<boolean> => {
    const device: Device = await signIn(t, own, { transport: 'tcp' })
    await joinRoom(device, rid)
    await fence(own, device)
    return device.client.received('ROOM-BC').length > 0
  }
  const pushed = performance.now()
  await own.api.push('room', { rid, expire: 1 }, 'for a second')
  const first = await isValid(t)
  if (performance.now() - pushed < 900) t.ok(first, 'it is valid at first')
  await eventually(
    () => isValid(t),
    valid => !valid,
    'a push with expire=1',
  )
  t.ok(performance.now() - pushed > 900, 'it was valid for its second')
  t.notOk(await isValid(t), 'it stays gone')
})

t.test('expire must be a number of seconds, and a room demands it', async t => {
  const rid: Id = freshId()
  for (const expire of ['-1', '1.5', 'soon']) {
    const reply = await gateway.api.push('room', { rid, expire }, 'x')
    t.equal(reply.code, 10017, expire)
  }
  const missing = await gateway.api.push('room', { rid }, 'x')
  t.equal(missing.code, 10016)
  t.match(missing.errmsg, /expire/)
})

t.test('a push that would be more than may be stored is refused, counted, and delivered to nobody', async t => {
  const own = await startGateway(t, {
    env: { IMGATE_STORED_BYTES_PER_ROOM_MAX: '1000', IMGATE_STORED_BYTES_MAX: '1500' },
  })
  const rid = freshId()
  const inside = await signIn(t, own, { transport: 'tcp' })
  await joinRoom(inside, rid)
  const big = 'x'.repeat(500)
  t.equal((await own.api.push('room', { rid, expire: 60 }, big)).code, 0)
  t.equal((await inside.client.next('ROOM-BC')).rid, rid)
  const refused = await own.api.push('room', { rid, expire: 60 }, big)
  t.equal(refused.code, 10009)
  t.match(refused.errmsg, /storedBytesPerRoomMax/)
  t.match(
    (await own.api.push('uid', { uid: inside.uid, expire: 60 }, big)).errmsg,
    /storedBytesMax/,
    'over all workers',
  )
  t.equal((await own.api.push('room', { rid, expire: 0 }, 'not stored')).code, 0)
  t.equal(pushedText(inside.client, await inside.client.next('ROOM-BC')), 'not stored')
  const { text: metrics } = await own.api.call('/metrics')
  const counted = [...metrics.matchAll(/^imgate_stored_pushes_refused_total\{.*\} (\d+)/gm)]
  t.equal(
    counted.reduce((sum, [, count]) => sum + Number(count), 0),
    2,
  )
})
