import t from 'tap'
import { TRANSPORTS } from './support/client.js'
import { LISTENER_TYPE, signIn } from './support/device.js'
import { ErrorCode } from './support/error-codes.js'
import { startGateway } from './support/gateway.js'
import { Role } from './support/group.js'
import { EDGE_IDS } from './support/ids.js'
import { chatRoom, joinRoom } from './support/room.js'

const gateway = await startGateway(t)

for (const edge of EDGE_IDS) {
  t.test(`register and iplist keep uid ${edge}`, async t => {
    const registered = await gateway.api.register(edge)
    t.equal(registered.uid, edge)
    t.type(registered.sid, 'number', 'a sid is below 2^53')
    for (const transport of ['tcp', 'ws-json'] as const) {
      const { uid, sid, token } = await gateway.api.iplist(edge, registered.sid!, LISTENER_TYPE[transport])
      t.equal(uid, edge)
      t.equal(sid, registered.sid)
      t.type(token, 'string')
    }
  })

  for (const transport of TRANSPORTS) {
    t.test(`uid and rid ${edge} survive sign-in, rooms, pushes and queries over ${transport}`, async t => {
      const device = await signIn(t, gateway, { transport, uid: edge })
      t.equal(device.ack.uid, edge)
      const joined = await joinRoom(device, edge)
      t.equal(joined.uid, edge)
      t.equal(joined.rid, edge)

      const ack = await chatRoom(device, edge, 'hello')
      t.equal(ack.code, ErrorCode.OK)
      t.equal(ack.uid, edge)
      t.equal(ack.rid, edge)
      const chat = await device.client.next('ROOM-CHAT')
      t.equal(chat.uid, edge)
      t.equal(chat.rid, edge)
      t.equal(chat.msgid, ack.msgid)

      const pushed = await gateway.api.push('room', { rid: edge, expire: 0 }, 'to the room')
      t.equal(pushed.rid, edge)
      t.equal(pushed.total, 1)
      t.equal((await device.client.next('ROOM-BC')).rid, edge)

      t.equal((await gateway.api.push('uid', { uid: edge }, 'to the user')).total, 1)
      await device.client.next('P2P')

      const status = await gateway.api.ok('/im/query', { option: 'user-status', uid: edge })
      t.equal(status.uid, edge)
      t.equal(status.status, 1)
      t.strictSame(status.list, [{ idx: 0, rid: edge }])
      await device.client.request('OFFLINE')
      await device.client.closed
    })

    t.test(`a private chat to uid ${edge} arrives over ${transport}`, async t => {
      const to = await signIn(t, gateway, { transport, uid: edge })
      const from = await signIn(t, gateway, { transport })
      const ack = await from.client.request('CHAT', { suid: from.uid, duid: edge, level: 1, text: 'hi' })
      t.equal(ack.code, ErrorCode.OK)
      const chat = await to.client.next('CHAT')
      t.equal(chat.suid, from.uid)
      t.equal(chat.duid, edge)
      await to.client.request('OFFLINE')
      await to.client.closed
    })
  }
}

t.test('a group takes every id', async t => {
  for (const gid of EDGE_IDS) {
    const owner = await signIn(t, gateway, { transport: 'tcp', uid: gid })
    const { client } = owner
    const created = await client.request('GROUP-CREAT', { uid: gid, gid, name: 'g', desc: 'd' })
    t.equal(created.code, ErrorCode.OK, `gid ${gid}`)
    t.equal(created.gid, gid)
    const ack = await client.request('GROUP-CHAT', { uid: gid, gid, level: 1, text: 'hello' })
    t.equal(ack.gid, gid)
    t.equal((await client.next('GROUP-CHAT')).gid, gid)
    const { list } = await client.request('GROUP-USR-LIST', { gid, num: 0 })
    t.strictSame(
      list?.map(({ uid, role }) => [uid, role]),
      [[gid, Role.OWNER]],
    )
    t.equal((await gateway.api.push('group', { gid }, 'to the group')).gid, gid)
    t.equal((await client.next('GROUP-BC')).gid, gid)
    await client.request('OFFLINE')
  }
})

t.test('neighbours above 2^53 are different users', async t => {
  const one = await signIn(t, gateway, { transport: 'ws-json', uid: 2n ** 53n })
  const other = await signIn(t, gateway, { transport: 'ws-json', uid: 2n ** 53n + 1n })
  t.equal((await gateway.api.push('uid', { uid: one.uid }, 'to one')).total, 1)
  await one.client.next('P2P')
  t.equal((await gateway.api.push('uid', { uid: other.uid }, 'to the other')).total, 1)
  await other.client.next('P2P')
  t.equal(one.client.received('P2P').length, 1)
  t.equal(other.client.received('P2P').length, 1)
})

for (const bad of ['0', '-1', '+1', ' 1', '1e3', '0x10', '1.0', '18446744073709551616', '', 'abc', '９']) {
  t.test(`${JSON.stringify(bad)} is no id in a query`, async t => {
    const { status, body } = await gateway.api.call('/im/register', {
      query: { uid: bad, nation: 1, city: 1, town: 1 },
    })
    t.equal(status, 400)
    t.equal(body.code, ErrorCode.BAD_PARAMETER)
    t.match(body.errmsg, /uid/, 'the reply names the parameter')
  })
}
