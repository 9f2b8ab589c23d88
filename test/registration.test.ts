import t from 'tap'
import { connectTo } from './support/device.js'
import { ErrorCode } from './support/error-codes.js'
import { killAndRestart, startGateway } from './support/gateway.js'
import { freshId, type Id } from './support/ids.js'

const gateway = await startGateway(t)

t.test('register gives a new sid every time and repeats what it was told', async t => {
  const uid = freshId()
  const first = await gateway.api.ok('/im/register', { uid, nation: 86, city: 7, town: 0 })
  const second = await gateway.api.ok('/im/register', { uid, nation: 1, city: 2, town: 3 })
  t.hasStrict(first, { uid, nation: 86, city: 7, town: 0, code: 0, errmsg: 'OK' })
  t.hasStrict(second, { uid, nation: 1, city: 2, town: 3 })
  t.not(first.sid, second.sid)
})

t.test('iplist names a live listener of the wanted type', async t => {
  const uid = freshId()
  const { sid } = await gateway.api.register(uid)
  for (const [type, address, transport] of [
    [1, gateway.tcp, 'tcp'],
    [2, gateway.http, 'ws-json'],
  ] as const) {
    const reply = await gateway.api.iplist(uid, sid!, type)
    t.hasStrict(reply, { uid, sid, type, len: 1, iplist: [address], code: 0, errmsg: 'OK' })
    t.equal(reply.expire, 86400, 'a token is valid for a day')
    const client = await connectTo(t, transport, reply.iplist![0]!)
    t.equal((await client.answer('PING')).cmd, 'PONG')
  }
})

t.test('iplist refuses a sid that is not of the uid', async t => {
  const [one, other] = [freshId(), freshId()]
  const { sid } = await gateway.api.register(one)
  for (const [uid, wanted] of [
    [other, sid!],
    [one, (sid! as number) + 1_000_000],
  ] as const) {
    const { body } = await gateway.api.call('/im/iplist', {
      query: { type: 1, uid, sid: wanted, clientip: '127.0.0.1' },
    })
    t.equal(body.code, ErrorCode.FOREIGN_SID)
  }
})

t.test('iplist refuses an unknown type', async t => {
  const uid = freshId()
  const { sid } = await gateway.api.register(uid)
  for (const type of [0, 3]) {
    const { body } = await gateway.api.call('/im/iplist', { query: { type, uid, sid, clientip: '127.0.0.1' } })
    t.equal(body.code, ErrorCode.BAD_PARAMETER, `type ${type}`)
  }
})

t.test('sids are unique, also for registrations at the same time and after a crash', async t => {
  const sids = new Set<Id>()
  let total = 0
  let running = await startGateway(t)
  for (let round = 0; round < 3; round += 1) {
    const replies = await Promise.all(Array.from({ length: 100 }, () => running.api.register(freshId())))
    for (const { sid } of replies) sids.add(sid!)
    total += replies.length
    running = await killAndRestart(t, running)
  }
  t.equal(sids.size, total)
})

t.test('a registration outlives a crash', async t => {
  const first = await startGateway(t)
  const uid = 2n ** 64n - 1n
  const { sid } = await first.api.register(uid)
  const again = await killAndRestart(t, first)
  t.equal((await again.api.iplist(uid, sid!, 2)).sid, sid)
})
