import t from 'tap'
import { TRANSPORTS } from './support/client.js'
import { eventually } from './support/deadline.js'
import { type Device, signIn } from './support/device.js'
import { startGateway } from './support/gateway.js'
import { freshId } from './support/ids.js'
import { joinRoom } from './support/room.js'

const gateway = await startGateway(t)

const statusOf = (uid: number | bigint) => gateway.api.ok('/im/query', { option: 'user-status', uid })

t.test('a user that nobody knows is offline', async t => {
  const uid = 2n ** 64n - 1n
  t.strictSame(await statusOf(uid), { uid, status: 0, len: 0, list: [], code: 0, errmsg: 'OK' })
  const { list } = await gateway.api.ok('/im/query', { option: 'sid-list', uid })
  t.strictSame(list, [])
})

t.test('a registration alone brings nobody online', async t => {
  const uid = freshId()
  await gateway.api.register(uid)
  t.hasStrict(await statusOf(uid), { uid, status: 0 })
  t.hasStrict(await gateway.api.ok('/im/query', { option: 'sid-list', uid }), { uid, len: 0, list: [] })
})

t.test('a user is online while one of his sessions is, in the rooms of any of them', async t => {
  const uid = freshId()
  const devices: Device[] = []
  for (const transport of TRANSPORTS) devices.push(await signIn(t, gateway, { transport, uid }))
  const [one, two, three] = devices as [Device, Device, Device]
  const [shared, alone] = [freshId(), freshId()]
  await joinRoom(one, shared)
  await joinRoom(two, shared)
  await joinRoom(three, alone)
  const status = await statusOf(uid)
  t.hasStrict(status, { uid, status: 1, len: 2, code: 0, errmsg: 'OK' })
  t.strictSame(new Set(status.list?.map(({ rid }) => rid)), new Set([shared, alone]), 'a room stands there once')
  t.strictSame(
    status.list?.map(({ idx }) => idx),
    [0, 1],
  )
  const sids = await gateway.api.ok('/im/query', { option: 'sid-list', uid })
  t.strictSame(new Set(sids.list?.map(({ sid }) => sid)), new Set(devices.map(({ sid }) => sid)))
  t.strictSame(
    sids.list?.map(({ idx }) => idx),
    [0, 1, 2],
  )

  await one.client.request('OFFLINE')
  await one.client.closed
  two.client.destroy()
  const left = await eventually(
    () => gateway.api.ok('/im/query', { option: 'sid-list', uid }),
    ({ len }) => len === 1,
    'the sessions',
  )
  t.equal(left.list?.[0]?.sid, three.sid)
  t.strictSame((await statusOf(uid)).list, [{ idx: 0, rid: alone }])
  three.client.close()
  await eventually(
    () => statusOf(uid),
    ({ status }) => status === 0,
    'the last session',
  )
})
