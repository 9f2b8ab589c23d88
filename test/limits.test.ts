import t from 'tap'
import { TRANSPORTS } from './support/client.js'
import { closesForGood } from './support/closing.js'
import { encodeBinary } from './support/codec.js'
import { signIn } from './support/device.js'
import { ErrorCode } from './support/error-codes.js'
import { fence } from './support/fence.js'
import { startGateway } from './support/gateway.js'
import { freshId } from './support/ids.js'
import { signInAtEach } from './support/placing.js'
import { chatRoom, joinRoom } from './support/room.js'

const ROOMS_MAX = 3
const FRAME_BYTES_MAX = 1024

const gateway = await startGateway(t, {
  env: {
    IMGATE_ROOMS_PER_SESSION_MAX: String(ROOMS_MAX),
    IMGATE_NOTICE_MEMBERS_MAX: '2',
    IMGATE_FRAME_BYTES_MAX: String(FRAME_BYTES_MAX),
    IMGATE_PUSH_BYTES_MAX: '100',
    IMGATE_ROOM_CAP: '2',
  },
})

for (const transport of TRANSPORTS) {
  t.test(`a session may be in so many rooms and no more over ${transport}`, async t => {
    const device = await signIn(t, gateway, { transport })
    const rids = Array.from({ length: ROOMS_MAX }, () => freshId())
    for (const rid of rids) await joinRoom(device, rid)
    const more = freshId()
    const refused = await device.client.request('ROOM-JOIN', { uid: device.uid, rid: more })
    t.equal(refused.code, ErrorCode.TOO_MANY_ROOMS)
    t.equal((await gateway.api.push('room', { rid: more, expire: 0 }, 'x')).total, 0, 'it is not inside')
    await joinRoom(device, rids[0]!)
    await device.client.request('ROOM-QUIT', { uid: device.uid, rid: rids[0] })
    await joinRoom(device, more)
  })

  t.test(`joins are announced up to the size that is set over ${transport}`, async t => {
    const rid = freshId()
    const [one, two, three] = [
      await signIn(t, gateway, { transport }),
      await signIn(t, gateway, { transport }),
      await signIn(t, gateway, { transport }),
    ]
    for (const device of [one, two, three]) await joinRoom(device, rid)
    t.equal((await one.client.next('ROOM-JOIN-NTF')).uid, two.uid)
    await fence(gateway, one, two)
    t.equal(one.client.received('ROOM-JOIN-NTF').length, 1)
    t.strictSame(two.client.received('ROOM-JOIN-NTF'), [])
  })

  t.test(`a room is split at the size that is set, and each part talks by itself over ${transport}`, async t => {
    const rid = freshId()
    const devices = [
      await signIn(t, gateway, { transport }),
      await signIn(t, gateway, { transport }),
      await signIn(t, gateway, { transport }),
    ]
    const gids = []
    for (const device of devices) gids.push((await joinRoom(device, rid)).gid)
    t.strictSame(gids, [1, 1, 2])
    const [one, two, three] = devices
    t.equal((await chatRoom(two!, rid, 'in the first part')).gid, 1)
    await one!.client.next('ROOM-CHAT')
    t.equal((await gateway.api.push('room', { rid, expire: 0 }, 'to every part')).total, 3)
    await three!.client.next('ROOM-BC')
    t.strictSame(three!.client.received('ROOM-CHAT'), [])
    await one!.client.request('ROOM-QUIT', { uid: one!.uid, rid })
    const late = await signIn(t, gateway, { transport })
    t.equal((await joinRoom(late, rid)).gid, 1, 'the place that became free')
  })
}

for (const transport of ['ws-binary', 'tcp'] as const) {
  t.test(`a message that is longer than a frame may be ends the connection over ${transport}`, async t => {
    const { client, uid } = await signIn(t, gateway, { transport })
    client.send('CHAT', { suid: uid, duid: uid, level: 1, text: 'x'.repeat(4 * FRAME_BYTES_MAX) })
    const error = await client.next('ERROR')
    t.equal(error.code, ErrorCode.BAD_HEADER)
    await closesForGood(t, client)
  })
}

t.test('a frame whose length is one above the limit ends the connection, one below does not', async t => {
  const { client, uid } = await signIn(t, gateway, { transport: 'tcp' })
  const empty = encodeBinary('CHAT', 5, { suid: uid, duid: uid, level: 1, text: 'x'.repeat(600) }).length - 600
  const frameOf = (length: number) => {
    const text = 'x'.repeat(length + 4 - empty)
    return encodeBinary('CHAT', 5, { suid: uid, duid: uid, level: 1, text })
  }
  client.sendRaw(frameOf(FRAME_BYTES_MAX))
  t.equal((await client.answerTo(5)).cmd, 'CHAT-ACK')
  client.sendRaw(frameOf(FRAME_BYTES_MAX + 1))
  t.equal((await client.next('ERROR')).code, ErrorCode.BAD_HEADER)
  await closesForGood(t, client)
})

t.test('a push that is longer than what is set is refused', async t => {
  const { client, uid } = await signIn(t, gateway, { transport: 'tcp' })
  t.equal((await gateway.api.push('uid', { uid }, 'x'.repeat(100))).code, ErrorCode.OK)
  t.equal((await gateway.api.push('uid', { uid }, 'x'.repeat(101))).code, ErrorCode.TOO_LONG)
  await client.next('P2P')
})

t.test('one worker is enough', async t => {
  const alone = await startGateway(t, { env: { IMGATE_WORKERS: '1' } })
  const rid = freshId()
  for (const transport of TRANSPORTS) {
    const device = await signIn(t, alone, { transport })
    await joinRoom(device, rid)
    t.equal((await chatRoom(device, rid, 'hello')).code, ErrorCode.OK)
    await device.client.next('ROOM-CHAT')
  }
})

t.test('more workers than processors serve as one', async t => {
  const many = await startGateway(t, { env: { IMGATE_WORKERS: '4' } })
  const rid = freshId()
  const devices = await signInAtEach(t, many, [...TRANSPORTS, ...TRANSPORTS, ...TRANSPORTS, ...TRANSPORTS])
  for (const device of devices) await joinRoom(device, rid)
  for (const device of devices) t.equal((await chatRoom(device, rid, `from ${device.uid}`)).code, ErrorCode.OK)
  for (const { client } of devices) {
    for (const { uid } of devices) t.equal((await client.next('ROOM-CHAT')).text, `from ${uid}`)
  }
})
