import t from 'tap'
import { TRANSPORTS } from './support/client.js'
import { eventually } from './support/deadline.js'
import { type Device, signIn } from './support/device.js'
import { ErrorCode } from './support/error-codes.js'
import { fence } from './support/fence.js'
import { HOLDING, startGateway } from './support/gateway.js'
import { freshId, type Id } from './support/ids.js'
import { signInAtEach } from './support/placing.js'
import { chatRoom, joinRoom } from './support/room.js'
import { seededRandom } from './support/seed.js'

const gateway = await startGateway(t)

/** How many sessions are in a room: as many as a push reaches. */
const totalOf = async (rid: Id): Promise<number> => {
  const { total } = await gateway.api.push('room', { rid, expire: 0 }, 'who is here?')
  return total!
}

for (const transport of TRANSPORTS) {
  t.test(`joining a room tells the sub-group and joining again keeps it over ${transport}`, async t => {
    const device = await signIn(t, gateway, { transport })
    const rid = freshId()
    const first = await joinRoom(device, rid)
    t.hasStrict(first, { uid: device.uid, rid, gid: 1, code: 0, errmsg: 'OK' })
    const again = await joinRoom(device, rid)
    t.hasStrict(again, { uid: device.uid, rid, gid: 1, code: 0 })
    t.equal(await totalOf(rid), 1, 'it counts once')
    await chatRoom(device, rid, 'once')
    await fence(gateway, device)
    t.equal(device.client.received('ROOM-CHAT').length, 1, 'it receives once')
  })

  t.test(`ROOM-CHAT reaches the sender and every member with all its fields over ${transport}`, async t => {
    const rid = freshId()
    const sender = await signIn(t, gateway, { transport })
    const members = [sender]
    for (const other of TRANSPORTS) members.push(await signIn(t, gateway, { transport: other }))
    for (const member of members) await joinRoom(member, rid)
    const before = Date.now()
    const ack = await chatRoom(sender, rid, 'hello, 世界')
    t.hasStrict(ack, { uid: sender.uid, rid, gid: 1, code: 0, errmsg: 'OK' })
    t.ok(ack.msgid !== undefined && ack.msgid > 0, 'the ACK tells the msgid')
    for (const { client } of members) {
      const chat = await client.next('ROOM-CHAT')
      t.hasStrict(chat, { uid: sender.uid, rid, gid: 1, level: 1, text: 'hello, 世界', msgid: ack.msgid })
      t.notOk('data' in chat, 'a field that is empty is absent')
      const time = Number(chat.time)
      t.ok(time >= before - 1 && time <= Date.now() + 1, 'time is set by the gateway, in milliseconds')
    }
    const frames = sender.client.inbox.arrivals.filter(({ cmd }) => cmd === 'ROOM-CHAT')
    t.strictSame(
      frames.map(({ seq }) => seq),
      [0],
      'a delivered frame has seq 0',
    )
  })

  t.test(`what a client claims about itself is not believed over ${transport}`, async t => {
    const rid = freshId()
    const sender = await signIn(t, gateway, { transport })
    await joinRoom(sender, rid)
    const claim = { uid: sender.uid, rid, gid: 77, level: 1, time: 12345, msgid: 1, text: 'honest' }
    const ack = await sender.client.request('ROOM-CHAT', { ...claim, uid: freshId() })
    t.equal(ack.code, ErrorCode.OK)
    const chat = await sender.client.next('ROOM-CHAT')
    t.hasStrict(chat, { uid: sender.uid, rid, gid: 1, msgid: ack.msgid })
    t.not(chat.time, 12345)
  })

  t.test(`who has left a room receives nothing of it and may not speak in it over ${transport}`, async t => {
    const rid = freshId()
    const [stays, leaves] = [await signIn(t, gateway, { transport }), await signIn(t, gateway, { transport })]
    await joinRoom(stays, rid)
    await joinRoom(leaves, rid)
    const quit = await leaves.client.request('ROOM-QUIT', { uid: leaves.uid, rid })
    t.equal(quit.code, ErrorCode.OK)
    t.equal((await chatRoom(leaves, rid, 'from outside')).code, ErrorCode.NOT_A_MEMBER)
    t.equal((await chatRoom(stays, rid, 'inside')).code, ErrorCode.OK)
    await stays.client.next('ROOM-CHAT')
    await fence(gateway, leaves)
    t.strictSame(leaves.client.received('ROOM-CHAT'), [])
    t.equal(stays.client.received('ROOM-CHAT').length, 1)
    const twice = await leaves.client.request('ROOM-QUIT', { uid: leaves.uid, rid })
    t.equal(twice.code, ErrorCode.NOT_A_MEMBER)
  })

  t.test(`speaking in a room that nobody joined is refused over ${transport}`, async t => {
    const device = await signIn(t, gateway, { transport })
    t.equal((await chatRoom(device, freshId(), 'anybody?')).code, ErrorCode.NOT_A_MEMBER)
  })

  t.test(`a connection that ends leaves its rooms over ${transport}`, async t => {
    const rid = freshId()
    const [stays, leaves, falls] = [
      await signIn(t, gateway, { transport }),
      await signIn(t, gateway, { transport }),
      await signIn(t, gateway, { transport }),
    ]
    for (const device of [stays, leaves, falls]) await joinRoom(device, rid)
    t.equal(await totalOf(rid), 3)
    leaves.client.close()
    await eventually(
      () => totalOf(rid),
      total => total === 2,
      'the count after a polite end',
    )
    falls.client.destroy()
    await eventually(
      () => totalOf(rid),
      total => total === 1,
      'the count after a cut connection',
    )
    const { list } = await gateway.api.ok('/im/query', { option: 'user-status', uid: falls.uid })
    t.strictSame(list, [])
  })
}

t.test('a user may be in a room with several devices, each is a member', async t => {
  const rid = freshId()
  const uid = freshId()
  const devices: Device[] = []
  for (const transport of TRANSPORTS) devices.push(await signIn(t, gateway, { transport, uid }))
  for (const device of devices) await joinRoom(device, rid)
  t.equal(await totalOf(rid), 3)
  await chatRoom(devices[0]!, rid, 'to my devices')
  for (const { client } of devices) t.equal((await client.next('ROOM-CHAT')).uid, uid)
  await devices[0]!.client.request('ROOM-QUIT', { uid, rid })
  t.equal(await totalOf(rid), 2, 'one device left')
  t.equal((await chatRoom(devices[1]!, rid, 'still here')).code, ErrorCode.OK)
})

t.test('every member sees the messages of many senders in one order, msgid rising', async t => {
  const random = seededRandom(t)
  const busy = await startGateway(t, { env: HOLDING })
  const rid = freshId()
  const devices = await signInAtEach(t, busy, [...TRANSPORTS, ...TRANSPORTS, ...TRANSPORTS])
  for (const device of devices) await joinRoom(device, rid)
  const perSender = 60
  await Promise.all(
    devices.map(async (device, sender) => {
      for (let index = 0; index < perSender; index += 1) {
        const seq = device.client.send('ROOM-CHAT', { uid: device.uid, rid, level: 1, text: `${sender}:${index}` })
        if (random.below(4) === 0) await device.client.answerTo(seq)
      }
    }),
  )
  const total = perSender * devices.length
  const seen: string[][] = []
  for (const { client } of devices) {
    for (let index = 0; index < total; index += 1) await client.next('ROOM-CHAT')
    const chats = client.received('ROOM-CHAT')
    const isRising = chats.every(({ msgid }, index) => index === 0 || msgid! > chats[index - 1]!.msgid!)
    t.ok(isRising, 'msgid rises')
    seen.push(chats.map(({ msgid, text }) => `${msgid} ${text}`))
  }
  for (const [index, order] of seen.entries()) t.strictSame(order, seen[0], `member ${index} saw the same order`)
  const texts = seen[0]!.map(line => line.split(' ')[1]!)
  for (let sender = 0; sender < devices.length; sender += 1) {
    const own = texts.filter(text => text.startsWith(`${sender}:`)).map(text => Number(text.split(':')[1]))
    t.strictSame(
      own,
      Array.from({ length: perSender }, (_item, index) => index),
      `the messages of sender ${sender} kept their order`,
    )
  }
})

t.test('rooms are apart: nobody hears of a room that he is not in', async t => {
  const random = seededRandom(t)
  const rids = [freshId(), freshId(), freshId(), freshId()]
  const devices: { device: Device; rooms: Set<Id> }[] = []
  for (let index = 0; index < 8; index += 1) {
    const device = await signIn(t, gateway, { transport: random.pick(TRANSPORTS) })
    const rooms = new Set<Id>([random.pick(rids), random.pick(rids)])
    for (const rid of rooms) await joinRoom(device, rid)
    devices.push({ device, rooms })
  }
  const sent = new Map<Id, number>(rids.map(rid => [rid, 0]))
  for (let index = 0; index < 80; index += 1) {
    const { device, rooms } = random.pick(devices)
    const rid = random.pick([...rooms])
    const ack = await chatRoom(device, rid, `for ${rid}`)
    t.equal(ack.code, ErrorCode.OK)
    sent.set(rid, sent.get(rid)! + 1)
  }
  for (const { device, rooms } of devices) {
    const expected = [...rooms].reduce<number>((sum, rid) => sum + sent.get(rid)!, 0)
    for (let index = 0; index < expected; index += 1) await device.client.next('ROOM-CHAT')
    await fence(gateway, device)
    const chats = device.client.received('ROOM-CHAT')
    t.equal(chats.length, expected)
    t.ok(chats.every(({ rid, text }) => rooms.has(rid!) && text === `for ${rid}`))
  }
})

t.test('level is passed on and data may be any value', async t => {
  const rid = freshId()
  const binary = await signIn(t, gateway, { transport: 'ws-binary' })
  const json = await signIn(t, gateway, { transport: 'ws-json' })
  const tcp = await signIn(t, gateway, { transport: 'tcp' })
  for (const device of [binary, json, tcp]) await joinRoom(device, rid)
  const values = [
    7,
    -1,
    1.5,
    true,
    null,
    'text',
    [1, 'two', [3]],
    { a: { b: [1, { c: null }] }, ключ: '値' },
    2n ** 64n - 1n,
    -(2n ** 63n),
  ]
  for (const sender of [binary, json, tcp]) {
    for (const [level, data] of values.entries()) {
      const ack = await chatRoom(sender, rid, 'with data', { level, data })
      t.equal(ack.code, ErrorCode.OK)
      for (const { client } of [binary, json, tcp]) {
        const chat = await client.next('ROOM-CHAT')
        t.equal(chat.level, level)
        t.strictSame(chat.data, data, `from ${sender.client.transport} to ${client.transport}`)
      }
    }
  }
})

t.test('bytes in data reach binary clients as bytes and JSON clients as data64', async t => {
  const rid = freshId()
  const bytes = Buffer.from([0, 1, 2, 0xff, 0xfe, 0x0a, 0x22])
  const binary = await signIn(t, gateway, { transport: 'ws-binary' })
  const json = await signIn(t, gateway, { transport: 'ws-json' })
  const tcp = await signIn(t, gateway, { transport: 'tcp' })
  for (const device of [binary, json, tcp]) await joinRoom(device, rid)
  for (const sender of [binary, json, tcp]) {
    const ack = await chatRoom(sender, rid, 'with bytes', { data: bytes })
    t.equal(ack.code, ErrorCode.OK)
    for (const { client } of [binary, tcp]) {
      const { data } = await client.next('ROOM-CHAT')
      t.ok(data instanceof Uint8Array && bytes.equals(data), `${sender.client.transport} to ${client.transport}`)
    }
    const chat = await json.client.next('ROOM-CHAT')
    t.equal(chat.data64, bytes.toString('base64'), `${sender.client.transport} to ws-json`)
    t.notOk('data' in chat)
  }
})
