import t from 'tap'
import { TRANSPORTS } from './support/client.js'
import { eventually } from './support/deadline.js'
import { type Device, signIn } from './support/device.js'
import { ErrorCode } from './support/error-codes.js'
import { fence } from './support/fence.js'
import { killAndRestart, startGateway } from './support/gateway.js'
import { freshId, type Id } from './support/ids.js'
import { chatRoom, joinRoom } from './support/room.js'

const gateway = await startGateway(t)

const groupsOf = async (rid: Id) => {
  const { list, len } = await gateway.api.ok('/im/room/query', { option: 'group-list', rid })
  t.equal(len, list?.length)
  return (list ?? []).map(({ gid, total }) => [gid, total])
}

t.test('a join takes the lowest sub-group with a free place, and leaving frees it', async t => {
  const rid = freshId()
  const set = await gateway.api.roomConfig('set', 'cap', { rid, cap: 2 })
  t.hasStrict(set, { rid, cap: 2, code: 0 })
  t.hasStrict(await gateway.api.roomConfig('get', 'cap', { rid }), { rid, cap: 2 })
  const devices: Device[] = []
  const gids = []
  for (let index = 0; index < 5; index += 1) {
    const device = await signIn(t, gateway, { transport: TRANSPORTS[index % 3]! })
    gids.push((await joinRoom(device, rid)).gid)
    devices.push(device)
  }
  t.strictSame(gids, [1, 1, 2, 2, 3])
  t.strictSame(await groupsOf(rid), [
    [1, 2],
    [2, 2],
    [3, 1],
  ])
  await devices[1]!.client.request('ROOM-QUIT', { uid: devices[1]!.uid, rid })
  devices[2]!.client.destroy()
  await eventually(
    () => groupsOf(rid),
    groups => groups[1]?.[1] === 1,
    'a place in sub-group 2',
  )
  const [one, two, three] = [
    await signIn(t, gateway, { transport: 'tcp' }),
    await signIn(t, gateway, { transport: 'tcp' }),
    await signIn(t, gateway, { transport: 'tcp' }),
  ]
  t.equal((await joinRoom(one, rid)).gid, 1)
  t.equal((await joinRoom(two, rid)).gid, 2)
  t.equal((await joinRoom(three, rid)).gid, 3)
})

t.test('ROOM-CHAT reaches its own sub-group, a push reaches all', async t => {
  const rid = freshId()
  await gateway.api.roomConfig('set', 'cap', { rid, cap: 2 })
  const devices: Device[] = []
  for (let index = 0; index < 6; index += 1) {
    const device = await signIn(t, gateway, { transport: TRANSPORTS[index % 3]! })
    await joinRoom(device, rid)
    devices.push(device)
  }
  t.equal((await chatRoom(devices[2]!, rid, 'in two')).gid, 2)
  for (const index of [2, 3]) t.equal((await devices[index]!.client.next('ROOM-CHAT')).gid, 2)
  const pushed = await gateway.api.push('room', { rid, expire: 0 }, 'to all')
  t.equal(pushed.total, 6)
  for (const { client } of devices) await client.next('ROOM-BC')
  for (const index of [0, 1, 4, 5]) t.strictSame(devices[index]!.client.received('ROOM-CHAT'), [])
})

t.test('the default of all rooms holds where a room has no places of its own', async t => {
  const own = await startGateway(t)
  t.equal((await own.api.roomConfig('get', 'cap')).cap, 10000)
  const [special, plain] = [freshId(), freshId()]
  await own.api.roomConfig('set', 'cap', { rid: special, cap: 5 })
  t.hasStrict(await own.api.roomConfig('set', 'cap', { cap: 1 }), { cap: 1, code: 0 })
  t.equal((await own.api.roomConfig('get', 'cap', { rid: special })).cap, 5)
  t.equal((await own.api.roomConfig('get', 'cap', { rid: plain })).cap, 1)
  const devices = [await signIn(t, own, { transport: 'tcp' }), await signIn(t, own, { transport: 'ws-json' })]
  const gids = []
  for (const device of devices) gids.push((await joinRoom(device, plain)).gid)
  t.strictSame(gids, [1, 2])
  const again = await killAndRestart(t, own)
  t.equal((await again.api.roomConfig('get', 'cap')).cap, 1)
  t.equal((await again.api.roomConfig('get', 'cap', { rid: special })).cap, 5)
})

t.test('cap must be a number of places', async t => {
  for (const cap of ['0', '-1', 'many', '1.5', '']) {
    const reply = await gateway.api.get('/im/room/config', { action: 'set', option: 'cap', rid: 1, cap })
    t.equal(reply.code, ErrorCode.BAD_PARAMETER, cap)
  }
  const missing = await gateway.api.get('/im/room/config', { action: 'set', option: 'cap', rid: 1 })
  t.equal(missing.code, ErrorCode.MISSING_PARAMETER)
})

for (const transport of TRANSPORTS) {
  t.test(`a room's blacklist kicks every device of the user and refuses joins over ${transport}`, async t => {
    const rid = freshId()
    const uid = freshId()
    const banned = [await signIn(t, gateway, { transport, uid }), await signIn(t, gateway, { transport: 'tcp', uid })]
    const witness = await signIn(t, gateway, { transport })
    for (const device of [...banned, witness]) await joinRoom(device, rid)
    await gateway.api.roomConfig('add', 'blacklist', { rid, uid })
    for (const device of banned) {
      t.hasStrict(await device.client.next('ROOM-KICK-NTF'), { uid, rid })
      t.equal((await chatRoom(device, rid, 'out')).code, ErrorCode.NOT_A_MEMBER)
      const join = await device.client.request('ROOM-JOIN', { uid, rid })
      t.equal(join.code, ErrorCode.BLACKLISTED)
    }
    t.strictSame(await groupsOf(rid), [[1, 1]])
    await gateway.api.roomConfig('del', 'blacklist', { rid, uid })
    await joinRoom(banned[0]!, rid)
  })

  t.test(`a gag silences one user or everybody, also those already inside, over ${transport}`, async t => {
    const rid = freshId()
    const [one, other] = [await signIn(t, gateway, { transport }), await signIn(t, gateway, { transport })]
    for (const device of [one, other]) await joinRoom(device, rid)
    const codes = async () => [(await chatRoom(one, rid, 'one')).code, (await chatRoom(other, rid, 'other')).code]
    t.strictSame(await codes(), [0, 0])
    await gateway.api.roomConfig('add', 'gag', { rid, uid: one.uid })
    t.strictSame(await codes(), [ErrorCode.GAGGED, 0])
    await gateway.api.roomConfig('add', 'gag', { rid })
    t.strictSame(await codes(), [ErrorCode.GAGGED, ErrorCode.GAGGED])
    t.equal((await gateway.api.push('room', { rid, expire: 0 }, 'pushes ignore gags')).total, 2)
    await gateway.api.roomConfig('del', 'gag', { rid, uid: 0 })
    t.strictSame(await codes(), [ErrorCode.GAGGED, 0], 'uid 0 lifts only the gag of everybody')
    await gateway.api.roomConfig('del', 'gag', { rid, uid: one.uid })
    t.strictSame(await codes(), [0, 0])
    await fence(gateway, one)
    t.equal(one.client.received('ROOM-CHAT').length, 6, 'what was refused reached nobody')
  })

  t.test(`a closed room is empty, refuses joins and pushes, and opens again over ${transport}`, async t => {
    const rid = freshId()
    const device = await signIn(t, gateway, { transport })
    await gateway.api.roomConfig('set', 'cap', { rid, cap: 3 })
    await joinRoom(device, rid)
    await gateway.api.roomConfig('close', 'room', { rid })
    t.hasStrict(await device.client.next('ROOM-DISMISS-NTF'), { rid })
    const { list } = await gateway.api.ok('/im/query', { option: 'user-status', uid: device.uid })
    t.strictSame(list, [])
    const join = await device.client.request('ROOM-JOIN', { uid: device.uid, rid })
    t.equal(join.code, ErrorCode.CLOSED)
    t.equal((await chatRoom(device, rid, 'x')).code, ErrorCode.CLOSED)
    t.equal((await gateway.api.push('room', { rid, expire: 0 }, 'x')).code, ErrorCode.CLOSED)
    await gateway.api.roomConfig('open', 'room', { rid })
    await joinRoom(device, rid)
    t.equal((await chatRoom(device, rid, 'again')).code, ErrorCode.OK)
    t.equal((await gateway.api.roomConfig('get', 'cap', { rid })).cap, 3, 'its configuration stayed')
  })
}

t.test('rankings count sessions, most first, ten unless told otherwise', async t => {
  const own = await startGateway(t)
  const devices: Device[] = []
  for (let index = 0; index < 4; index += 1) devices.push(await signIn(t, own, { transport: 'tcp' }))
  const rids = Array.from({ length: 12 }, () => freshId())
  for (const [index, rid] of rids.entries()) {
    for (const device of devices.slice(0, 1 + (index % 4))) await joinRoom(device, rid)
  }
  const { list, len } = await own.api.ok('/im/room/query', { option: 'top-list' })
  t.equal(len, 10)
  t.strictSame(
    list?.map(({ total }) => total),
    [4, 4, 4, 3, 3, 3, 2, 2, 2, 1],
  )
  t.strictSame(
    list?.map(({ idx }) => idx),
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  )
  const two = await own.api.ok('/im/room/query', { option: 'top-list', num: 2 })
  t.equal(two.len, 2)
  t.ok(two.list?.every(({ rid, total }) => total === 4 && rids.indexOf(Number(rid)) % 4 === 3))
  const all = await own.api.ok('/im/room/query', { option: 'top-list', num: 100 })
  t.equal(all.len, 12)
})

t.test('a room that nobody joined has no sub-groups', async t => {
  const rid = freshId()
  t.hasStrict(await gateway.api.ok('/im/room/query', { option: 'group-list', rid }), { rid, len: 0, list: [] })
})

t.test('blacklist, gags, closing and places survive a crash', async t => {
  const before = await startGateway(t)
  const [rid, closed] = [freshId(), 2n ** 64n - 1n]
  const [banned, gagged, free] = [freshId(), 2n ** 63n, freshId()]
  await before.api.roomConfig('add', 'blacklist', { rid, uid: banned })
  await before.api.roomConfig('add', 'gag', { rid, uid: gagged })
  await before.api.roomConfig('set', 'cap', { rid, cap: 1 })
  await before.api.roomConfig('close', 'room', { rid: closed })
  const after = await killAndRestart(t, before)
  const devices: Record<'banned' | 'gagged' | 'free', Device> = {
    banned: await signIn(t, after, { transport: 'tcp', uid: banned }),
    gagged: await signIn(t, after, { transport: 'ws-json', uid: gagged }),
    free: await signIn(t, after, { transport: 'ws-binary', uid: free }),
  }
  const join = await devices.banned.client.request('ROOM-JOIN', { uid: banned, rid })
  t.equal(join.code, ErrorCode.BLACKLISTED)
  t.equal((await joinRoom(devices.gagged, rid)).gid, 1)
  t.equal((await joinRoom(devices.free, rid)).gid, 2)
  t.equal((await chatRoom(devices.gagged, rid, 'x')).code, ErrorCode.GAGGED)
  t.equal((await chatRoom(devices.free, rid, 'x')).code, ErrorCode.OK)
  const refused = await devices.free.client.request('ROOM-JOIN', { uid: free, rid: closed })
  t.equal(refused.code, ErrorCode.CLOSED)
})

t.test('the blacklist and the gags of a room are listed, everybody as 0, also after a crash', async t => {
  const rid = freshId()
  const [banned, gagged] = [freshId(), freshId()]
  const uidsOf = async (of: typeof gateway, option: string) => {
    const { len, list = [] } = await of.api.roomConfig('get', option, { rid })
    t.equal(len, list.length)
    t.strictSame(
      list.map(({ idx }) => idx),
      [...list.keys()],
    )
    return list.map(({ uid }) => uid)
  }
  const first = await startGateway(t)
  t.strictSame(await uidsOf(first, 'blacklist'), [])
  t.strictSame(await uidsOf(first, 'gag'), [])
  await first.api.roomConfig('add', 'blacklist', { rid, uid: banned })
  await first.api.roomConfig('add', 'gag', { rid, uid: gagged })
  await first.api.roomConfig('add', 'gag', { rid })
  const second = await killAndRestart(t, first)
  t.strictSame(await uidsOf(second, 'blacklist'), [banned])
  t.strictSame(await uidsOf(second, 'gag'), [0, gagged])
  await second.api.roomConfig('del', 'gag', { rid, uid: gagged })
  t.strictSame(await uidsOf(second, 'gag'), [0])
})
