import type { Socket } from 'node:net'
import t from 'tap'
import { TRANSPORTS } from './support/client.js'
import { closesForGood, staysOpen } from './support/closing.js'
import { eventually } from './support/deadline.js'
import { connectTo, credentialsFor, goOnline, onlineBody, signIn } from './support/device.js'
import { ErrorCode } from './support/error-codes.js'
import { fence } from './support/fence.js'
import { startGateway } from './support/gateway.js'
import { createGroup, joinGroup, mustDo } from './support/group.js'
import { freshId } from './support/ids.js'
import { joinRoom } from './support/room.js'
import { connectWebSocket } from './support/ws-client.js'

const gateway = await startGateway(t)

t.test('JSON that cannot be passed on is a bad body, and ends nothing', async t => {
  const witness = await signIn(t, gateway, { transport: 'tcp' })
  const rid = freshId()
  await joinRoom(witness, rid)
  for (let index = 0; index < 4; index += 1) {
    const device = await signIn(t, gateway, { transport: 'ws-json' })
    await joinRoom(device, rid)
    const bad = [
      '99999999999999999999999',
      '-9223372036854775809',
      `${'['.repeat(40)}${']'.repeat(40)}`,
      `${'['.repeat(9000)}${']'.repeat(9000)}`,
    ]
    for (const [seq, data] of bad.entries()) {
      device.client.sendRaw(`{"cmd":"ROOM-CHAT","seq":${900 + seq},"body":{"rid":${rid},"data":${data}}}`)
      const answer = await device.client.answerTo(900 + seq)
      t.equal(answer.body.code, ErrorCode.BAD_BODY, data.slice(0, 24))
    }
    device.client.sendRaw(
      `{"cmd":"ROOM-CHAT","seq":990,"body":{"rid":${rid},"rid":${rid},"text":"twice","data":1234567890123456}}`,
    )
    t.equal((await device.client.answerTo(990)).body.code, 0, 'a repeated key is the last one')
    await staysOpen(t, device.client)
  }
  await fence(gateway, witness)
  t.equal(witness.client.received('ROOM-CHAT').length, 4)
})

t.test('who changes between JSON and binary before ONLINE is answered in both, and ends nothing', async t => {
  const witness = await signIn(t, gateway, { transport: 'ws-json' })
  const { client, socket } = await connectWebSocket('ws-binary', gateway.http)
  t.teardown(() => client.close())
  const binaryPing = Buffer.from([0, 0, 0, 8, 1, 5, 0, 0, 0, 0, 0, 2])
  // All in one segment: the gateway answers them in one turn.
  const { _socket: tcp } = socket as unknown as { _socket: Socket }
  tcp.cork()
  socket.send('{"cmd":"PING","seq":1}')
  socket.send(binaryPing)
  socket.send('{"cmd":"PING","seq":3}')
  tcp.uncork()
  const arrivals = async () => client.inbox.arrivals.map(({ cmd, seq, format }) => `${cmd} ${seq} ${format}`)
  t.strictSame(await eventually(arrivals, ({ length }) => length === 3, 'the answers'), [
    'PONG 1 json',
    'PONG 2 binary',
    'PONG 3 json',
  ])
  await staysOpen(t, witness.client)
})

for (const transport of TRANSPORTS) {
  t.test(`a token that is written in another way is altered over ${transport}`, async t => {
    const credentials = await credentialsFor(gateway, transport, freshId())
    const { token } = credentials
    const last = token.at(-1)!
    const next = String.fromCharCode(last.charCodeAt(0) + 1)
    for (const altered of [`${token}!!`, `${token}=`, `${token} `, token.slice(0, -1) + next, token.slice(0, -1)]) {
      const client = await connectTo(t, transport, credentials.address)
      const answer = await client.answer('ONLINE', onlineBody({ ...credentials, token: altered }))
      t.equal(answer.body.code, ErrorCode.BAD_TOKEN, altered.slice(-6))
      await closesForGood(t, client)
    }
  })

  t.test(`sign-ins that break off leave nobody behind over ${transport}`, async t => {
    const owner = await signIn(t, gateway, { transport: 'tcp' })
    const uid = freshId()
    const gids = []
    for (let index = 0; index < 8; index += 1) {
      const gid = await createGroup(owner)
      await gateway.api.groupConfig('add', 'member', { gid, uid })
      gids.push(gid)
    }
    const credentials = await credentialsFor(gateway, transport, uid)
    for (let round = 0; round < 40; round += 1) {
      const client = await connectTo(t, transport, credentials.address)
      client.send('ONLINE', onlineBody(credentials))
      if (round % 2 === 1) setImmediate(() => client.destroy())
      else client.destroy()
    }
    await eventually(
      () => gateway.api.ok('/im/query', { option: 'user-status', uid }),
      ({ status }) => status === 0,
      'the status of a user who never came online',
    )
    for (const gid of gids) {
      const total = async () => (await gateway.api.push('group', { gid }, 'x')).total
      await eventually(total, sessions => sessions === 1, 'sessions in a group: its owner alone')
    }
    t.pass('nobody is left behind')
  })
}

t.test('a device that takes over its own session does not get again what was pushed to all', async t => {
  const credentials = await credentialsFor(gateway, 'tcp', freshId())
  const older = await goOnline(t, 'tcp', credentials)
  const { msgid } = await gateway.api.push('broadcast', { expire: 60 }, 'once')
  await older.client.next('BC', body => body.msgid === msgid)
  // What came after the last sign of life may come again.
  await older.client.request('SUB', { cmd: 0x0410 })
  const newer = await goOnline(t, 'tcp', credentials)
  await older.client.closed
  await fence(gateway, newer)
  t.strictSame(
    newer.client.received('BC').filter(body => body.msgid === msgid),
    [],
  )
})

t.test('the owner of a group cannot make it ownerless', async t => {
  const owner = await signIn(t, gateway, { transport: 'ws-binary' })
  const member = await signIn(t, gateway, { transport: 'tcp' })
  const gid = await createGroup(owner)
  await joinGroup(member, gid)
  for (const cmd of ['GROUP-MGR-DEL', 'GROUP-MGR-ADD', 'GROUP-KICK', 'GROUP-BL-ADD'] as const) {
    const ack = await owner.client.request(cmd, { uid: owner.uid, gid })
    t.equal(ack.code, ErrorCode.NOT_ALLOWED, cmd)
  }
  await mustDo(owner, 'GROUP-DISMISS', { uid: owner.uid, gid })
})

t.test('long names are a bad body', async t => {
  const device = await signIn(t, gateway, { transport: 'ws-json' })
  const ack = await device.client.request('GROUP-CREAT', { uid: device.uid, name: 'n'.repeat(257) })
  t.equal(ack.code, ErrorCode.BAD_BODY)
})

t.test(
  'requests through another name for this machine, or from a page, are refused where loopback is trusted',
  async t => {
    const own = await startGateway(t, { env: { IMGATE_TRUST_LOOPBACK: '1', IMGATE_WORKERS: '1' } })
    for (const headers of [
      { host: 'evil.example' },
      { host: 'evil.example', origin: 'http://evil.example' },
      { origin: 'http://evil.example' },
      { 'sec-fetch-site': 'cross-site' },
    ]) {
      const { status, body } = await own.api.call('/im/register', {
        query: { uid: 1, nation: 1, city: 1, town: 1 },
        headers,
      })
      t.equal(status, 401, JSON.stringify(headers))
      t.equal(body.code, ErrorCode.NO_KEY)
    }
  },
)
