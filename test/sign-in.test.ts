import t from 'tap'
import { TRANSPORTS } from './support/client.js'
import { closesForGood, isKicked, type Kick, staysOpen } from './support/closing.js'
import { connectClient, connectTo, credentialsFor, goOnline, onlineBody, signIn } from './support/device.js'
import { ErrorCode } from './support/error-codes.js'
import { startGateway } from './support/gateway.js'
import { freshId } from './support/ids.js'

const gateway = await startGateway(t)

const FORGED: Kick = { code: ErrorCode.BAD_TOKEN, retry: 0, closeCode: 4501 }

for (const transport of TRANSPORTS) {
  t.test(`a registered device signs in over ${transport}`, async t => {
    const { ack, uid, sid } = await signIn(t, gateway, { transport })
    t.equal(ack.code, ErrorCode.OK)
    t.equal(ack.errmsg, 'OK')
    t.equal(ack.uid, uid)
    t.equal(ack.sid, sid)
    t.equal(ack.heartbeat, 30, 'the heartbeat is told in seconds')
  })

  t.test(`PING is answered by PONG before and after sign-in over ${transport}`, async t => {
    const client = await connectClient(t, gateway, transport)
    t.equal((await client.answer('PING')).cmd, 'PONG')
    const credentials = await credentialsFor(gateway, transport, freshId())
    t.equal((await client.request('ONLINE', onlineBody(credentials))).code, ErrorCode.OK)
    t.equal((await client.answer('PING')).cmd, 'PONG')
  })

  t.test(`a token with one character changed never signs in over ${transport}`, async t => {
    const credentials = await credentialsFor(gateway, transport, freshId())
    for (const at of [0, credentials.token.length >> 1, credentials.token.length - 2]) {
      const changed = credentials.token[at] === 'A' ? 'B' : 'A'
      const token = credentials.token.slice(0, at) + changed + credentials.token.slice(at + 1)
      const client = await connectClient(t, gateway, transport)
      const ack = await client.request('ONLINE', onlineBody({ ...credentials, token }))
      t.equal(ack.code, ErrorCode.BAD_TOKEN, `changed at ${at}`)
      await isKicked(t, client, FORGED)
    }
    const { ack } = await goOnline(t, transport, credentials)
    t.equal(ack.code, ErrorCode.OK, 'the token as it was issued still works')
  })

  t.test(`a token that somebody made up never signs in over ${transport}`, async t => {
    const credentials = await credentialsFor(gateway, transport, freshId())
    const end = Math.floor(Date.now() / 1000) + 3600
    const plain = `uid:${credentials.uid}:ttl:${end}:sid:${credentials.sid}:end`
    for (const token of ['', 'x', plain, Buffer.from(plain).toString('base64url'), `${plain}.${'0'.repeat(64)}`]) {
      const client = await connectClient(t, gateway, transport)
      const ack = await client.request('ONLINE', onlineBody({ ...credentials, token }))
      t.equal(ack.code, ErrorCode.BAD_TOKEN, `token ${JSON.stringify(token.slice(0, 20))}`)
      await isKicked(t, client, FORGED)
    }
  })

  t.test(`a token signs in only the uid and the sid that it was issued for over ${transport}`, async t => {
    const [mine, other] = [
      await credentialsFor(gateway, transport, freshId()),
      await credentialsFor(gateway, transport, freshId()),
    ]
    for (const [stolen, what] of [
      [{ ...other, token: mine.token }, 'uid and sid of another'],
      [{ ...mine, uid: other.uid }, 'uid of another'],
      [{ ...mine, sid: other.sid }, 'sid of another'],
    ] as const) {
      const client = await connectClient(t, gateway, transport)
      const ack = await client.request('ONLINE', onlineBody(stolen))
      t.equal(ack.code, ErrorCode.BAD_TOKEN, what)
      await isKicked(t, client, FORGED)
    }
  })

  t.test(`a second ONLINE on a connection is refused and the session stays over ${transport}`, async t => {
    const device = await signIn(t, gateway, { transport })
    const again = await device.client.request('ONLINE', onlineBody(device))
    t.equal(again.code, ErrorCode.ONLINE_REFUSED)
    await staysOpen(t, device.client)
    const { list } = await gateway.api.ok('/im/query', { option: 'sid-list', uid: device.uid })
    t.strictSame(
      list?.map(({ sid }) => sid),
      [device.sid],
    )
  })

  t.test(`a sid that signs in again elsewhere replaces its older connection over ${transport}`, async t => {
    const older = await signIn(t, gateway, { transport })
    const newer = await goOnline(t, transport, older)
    const kick = await older.client.next('KICK')
    t.equal(kick.code, ErrorCode.REPLACED)
    t.type(kick.errmsg, 'string')
    t.notOk(kick.retry, 'it must not come back')
    await closesForGood(t, older.client)
    await staysOpen(t, newer.client)
    const { status } = await gateway.api.ok('/im/query', { option: 'user-status', uid: newer.uid })
    t.equal(status, 1, 'the end of the older connection does not end the session')
    const { total } = await gateway.api.push('sid', { sid: newer.sid }, 'to the newer')
    t.equal(total, 1)
    await newer.client.next('P2P')
  })

  t.test(`every request but ONLINE and PING is refused before sign-in over ${transport}`, async t => {
    const client = await connectClient(t, gateway, transport)
    for (const [cmd, body] of [
      ['ROOM-JOIN', { uid: 1, rid: 1 }],
      ['ROOM-CHAT', { uid: 1, rid: 1, level: 0, text: 'x' }],
      ['GROUP-JOIN', { uid: 1, gid: 1 }],
      ['GROUP-CREAT', { uid: 1, name: 'x', desc: 'x' }],
      ['CHAT', { suid: 1, duid: 2, level: 0, text: 'x' }],
      ['BLACKLIST-ADD', { suid: 1, duid: 2 }],
      ['SUB', { cmd: 0x0410 }],
      ['OFFLINE', {}],
    ] as const) {
      const ack = await client.request(cmd, body)
      t.equal(ack.code, ErrorCode.NOT_SIGNED_IN, cmd)
    }
  })

  t.test(`OFFLINE ends the session over ${transport}`, async t => {
    const { client, uid } = await signIn(t, gateway, { transport })
    const ack = await client.request('OFFLINE')
    t.equal(ack.code, ErrorCode.OK)
    t.equal((await client.closed).code, transport === 'tcp' ? undefined : 1000)
    const { status } = await gateway.api.ok('/im/query', { option: 'user-status', uid })
    t.equal(status, 0)
  })
}

t.test('a sid that comes back over another transport replaces the connection it had', async t => {
  const older = await signIn(t, gateway, { transport: 'ws-json' })
  const newer = await goOnline(t, 'tcp', { ...older, address: gateway.tcp })
  t.equal((await older.client.next('KICK')).code, ErrorCode.REPLACED)
  await closesForGood(t, older.client)
  await staysOpen(t, newer.client)
})

t.test('sessions of one user are apart: each has its sid, each is online', async t => {
  const uid = freshId()
  const devices = []
  for (const transport of TRANSPORTS) devices.push(await signIn(t, gateway, { transport, uid }))
  t.equal(new Set(devices.map(({ sid }) => sid)).size, TRANSPORTS.length)
  const { list, len } = await gateway.api.ok('/im/query', { option: 'sid-list', uid })
  t.equal(len, TRANSPORTS.length)
  t.strictSame(new Set(list?.map(({ sid }) => sid)), new Set(devices.map(({ sid }) => sid)))
})

for (const transport of TRANSPORTS) {
  t.test(`the connection that came later wins, also when the earlier one speaks last, over ${transport}`, async t => {
    const credentials = await credentialsFor(gateway, transport, freshId())
    // It gave up on this one, whose worker was busy, before that read anything of it.
    const givenUp = await connectTo(t, transport, credentials.address)
    const alive = await goOnline(t, transport, credentials)
    const ack = await givenUp.request('ONLINE', onlineBody(credentials))
    t.hasStrict(ack, { uid: credentials.uid, sid: credentials.sid, code: ErrorCode.REPLACED })
    t.hasStrict(await givenUp.next('KICK'), { code: ErrorCode.REPLACED, retry: 0 })
    await givenUp.closed
    await staysOpen(t, alive.client)
    const { total } = await gateway.api.push('sid', { sid: credentials.sid }, 'to the one that is alive')
    t.equal(total, 1)
    await alive.client.next('P2P')
  })
}
