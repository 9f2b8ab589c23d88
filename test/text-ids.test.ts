import t, { type Test } from 'tap'
import { credentialsFor, type Device, onlineBody, signIn } from './support/device.js'
import { ErrorCode } from './support/error-codes.js'
import { startGateway } from './support/gateway.js'
import { createGroup } from './support/group.js'
import { freshId, type Id } from './support/ids.js'
import { joinRoom } from './support/room.js'
import { connectTcp } from './support/tcp-client.js'
import { connectWebSocket } from './support/ws-client.js'

/* ONLINE `ids: "text"`: JSON clients whose numbers are floats get ids as decimal text. */

const gateway = await startGateway(t, { env: { IMGATE_WORKERS: '2' } })
const BIG = 2n ** 64n - 1n

async function textual(t: Test, uid: Id = freshId()): Promise<Device> {
  const credentials = await credentialsFor(gateway, 'ws-json', uid)
  const { client } = await connectWebSocket('ws-json', credentials.address)
  t.teardown(() => client.destroy())
  const ack = await client.request('ONLINE', { ...onlineBody(credentials), ids: 'text' })
  t.equal(ack.code, ErrorCode.OK)
  return { ...credentials, client, ack }
}

t.test('ONLINE-ACK says what the gateway is and can do', async t => {
  for (const transport of ['ws-json', 'ws-binary', 'tcp'] as const) {
    const { ack } = await signIn(t, gateway, { transport })
    t.match(ack['server'], /^\d+\.\d+\.\d+/)
    t.ok((ack['features'] as string[]).includes('ids'))
    t.type(ack.uid, 'number', 'without `ids` nothing changes')
  }
})

t.test('acks, chats, pushes, notices and lists have ids as text, and nothing else', async t => {
  const device = await textual(t, BIG)
  const { client } = device
  t.strictSame([device.ack.uid, device.ack.sid], [String(BIG), String(device.sid)])
  t.equal(device.ack.heartbeat, 30)
  const rid = BIG - 1n
  const joined = await client.request('ROOM-JOIN', { rid: String(rid) })
  t.strictSame([joined.uid, joined.rid, joined.gid, joined.code], [String(BIG), String(rid), '1', 0])
  const data = { uid: 7, list: [{ rid: 8 }] }
  const ack = await client.request('ROOM-CHAT', { rid: String(rid), level: 3, data })
  t.match(ack.msgid, /^[0-9]+$/)
  const chat = await client.next('ROOM-CHAT')
  t.strictSame([chat.uid, chat.rid, chat.gid, chat.msgid], [String(BIG), String(rid), '1', ack.msgid])
  t.strictSame([chat.level, typeof chat.time, chat.data], [3, 'number', data], 'what the client said stays as it is')
  await gateway.api.push('room', { rid, expire: 0 }, '{"uid":9}', { contentType: 'application/json' })
  const push = await client.next('ROOM-BC')
  t.strictSame([push.rid, typeof push.msgid, push.data], [String(rid), 'string', { uid: 9 }])
  await gateway.api.push('uid', { uid: BIG }, 'x')
  t.type((await client.next('P2P')).msgid, 'string')
  const gid = String((await client.request('GROUP-CREAT', {})).gid)
  const { list } = await client.request('GROUP-USR-LIST', { gid })
  t.strictSame(list, [{ uid: String(BIG), role: 2 }])
  t.strictSame((await client.request('GROUP-LIST', {})).list, [{ gid }])
  const unknown = await client.request('ROOM-CHAT', { rid: '5', text: 'x' })
  t.strictSame([unknown.code, unknown.uid, unknown.rid], [ErrorCode.NOT_A_MEMBER, String(BIG), '5'])
})

t.test('members of all forms are in one room, and each gets its own', async t => {
  const rid = freshId()
  const text = await textual(t)
  const others = []
  for (const transport of ['ws-json', 'ws-binary', 'tcp'] as const) others.push(await signIn(t, gateway, { transport }))
  await text.client.request('ROOM-JOIN', { rid })
  for (const other of others) await joinRoom(other, rid)
  const said = Array.from({ length: 50 }, (_, index) => `message ${index}`)
  for (const line of said) others[0]!.client.send('ROOM-CHAT', { rid, text: line })
  for (const line of said) {
    const chat = await text.client.next('ROOM-CHAT')
    t.strictSame([chat.text, chat.rid, chat.uid], [line, String(rid), String(others[0]!.uid)])
    for (const { client } of others) {
      const { text, rid: place } = await client.next('ROOM-CHAT')
      t.strictSame([text, place], [line, rid])
    }
  }
})

t.test('those who come and go while messages are held get what was said while they were there', async t => {
  const rid = freshId()
  const speaker = await signIn(t, gateway, { transport: 'tcp' })
  await joinRoom(speaker, rid)
  const watcher = await textual(t)
  for (let round = 0; round < 20; round += 1) {
    for (let index = 0; index < 5; index += 1) speaker.client.send('ROOM-CHAT', { rid, text: `before ${round}` })
    const joined = watcher.client.send('ROOM-JOIN', { rid })
    t.equal((await watcher.client.answerTo(joined)).body.code, ErrorCode.OK)
    const ack = await speaker.client.request('ROOM-CHAT', { rid, text: `within ${round}` })
    const chat = await watcher.client.next('ROOM-CHAT', ({ msgid }) => `${msgid}` === `${ack.msgid}`)
    t.equal(chat.text, `within ${round}`)
    t.equal((await watcher.client.request('ROOM-QUIT', { rid })).code, ErrorCode.OK)
  }
})

t.test('a refused ONLINE has them as text too; binary clients and other words change nothing', async t => {
  const credentials = await credentialsFor(gateway, 'ws-json', freshId())
  const { client } = await connectWebSocket('ws-json', credentials.address)
  t.teardown(() => client.destroy())
  const refusal = await client.answer('ONLINE', { ...onlineBody({ ...credentials, token: 'forged' }), ids: 'text' })
  t.strictSame([refusal.body.code, refusal.body.uid], [ErrorCode.BAD_TOKEN, String(credentials.uid)])
  const other = await credentialsFor(gateway, 'tcp', freshId())
  const tcp = await connectTcp(other.address)
  t.teardown(() => tcp.client.destroy())
  t.equal((await tcp.client.request('ONLINE', { ...onlineBody(other), ids: 'text' })).uid, other.uid)
  const third = await credentialsFor(gateway, 'ws-json', freshId())
  const newer = await connectWebSocket('ws-json', third.address)
  t.teardown(() => newer.client.destroy())
  t.equal((await newer.client.request('ONLINE', { ...onlineBody(third), ids: 'roman' })).uid, third.uid)
  await createGroup({ ...third, client: newer.client, ack: {} })
})
