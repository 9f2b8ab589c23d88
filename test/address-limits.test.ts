import t from 'tap'
import { type Client, TRANSPORTS } from './support/client.js'
import { isKicked, staysOpen } from './support/closing.js'
import { isKept, upgradeFrom } from './support/comer.js'
import { eventually } from './support/deadline.js'
import { connectClient, credentialsFor, onlineBody } from './support/device.js'
import { ErrorCode } from './support/error-codes.js'
import { startFailing } from './support/fail-worker.js'
import { startGateway } from './support/gateway.js'
import { freshId } from './support/ids.js'
import { counted } from './support/metrics.js'

/* Limits of addresses, over both transports and two workers; every client has an address of 127.0.0.0/8. */

const BAD_SIGN_INS = 3
/** So many that each of two workers has some. */
const FAILING_MAX = 18

t.test('an address has so many connections, and so many bad sign-ins', async t => {
  const gateway = await startGateway(t, {
    env: {
      IMGATE_CONNECTIONS_PER_IP_MAX: '6',
      IMGATE_BAD_SIGN_INS_PER_IP_PER_MINUTE: String(BAD_SIGN_INS),
    },
  })

  await t.test('no more connections of clients than that', async t => {
    const from = '127.0.0.1'
    const clients: Client[] = []
    for (let count = 0; count < 2; count++) {
      for (const transport of TRANSPORTS) clients.push(await connectClient(t, gateway, transport, from))
    }
    for (const client of clients) await staysOpen(t, client)
    const refusal = await upgradeFrom(t, gateway, from)
    t.equal(refusal.status, 429)
    t.ok(Number(refusal.retryAfter) > 0, 'and when to come again')
    t.equal(JSON.parse(refusal.text).code, ErrorCode.RATE_IP)
    t.notOk(await isKept(t, gateway, from), 'raw TCP hears nothing')
    t.equal(await counted(gateway, 'limited_connections_per_ip_total'), 2)
    t.ok(await isKept(t, gateway, '127.0.0.2'), 'another address may')
    t.equal((await gateway.api.call('/im/openapi.json')).status, 200, 'so may HTTP')
    for (const client of clients) {
      client.destroy()
      await eventually(
        () => isKept(t, gateway, from),
        kept => kept,
        'the place of one that left is free',
      )
    }
    t.notOk(await isKept(t, gateway, from), 'and only that')
  })

  for (const [index, transport] of TRANSPORTS.entries()) {
    await t.test(`after some forged tokens nobody from that address signs in over ${transport}`, async t => {
      const from = `127.0.0.${10 + index}`
      const credentials = await credentialsFor(gateway, transport, freshId())
      const forged = onlineBody({ ...credentials, token: `${credentials.token}x` })
      for (let count = 0; count < BAD_SIGN_INS; count++) {
        const client = await connectClient(t, gateway, transport, from)
        t.equal((await client.request('ONLINE', forged)).code, ErrorCode.BAD_TOKEN)
      }
      const client = await connectClient(t, gateway, transport, from)
      t.equal((await client.request('ONLINE', onlineBody(credentials))).code, ErrorCode.RATE_IP)
      await isKicked(t, client, { code: ErrorCode.RATE_IP, retry: 1, closeCode: 4005 })
      t.equal(await counted(gateway, 'limited_bad_sign_ins_per_ip_total'), index + 1)
      const elsewhere = await connectClient(t, gateway, transport, `127.0.0.${20 + index}`)
      t.equal((await elsewhere.request('ONLINE', onlineBody(credentials))).code, 0, 'another address may')
    })
  }
})

t.test('an address connects so often in a second; a token that is only too old is no bad sign-in', async t => {
  const gateway = await startGateway(t, {
    env: {
      IMGATE_CONNECTS_PER_IP_PER_SECOND: '2',
      IMGATE_BAD_SIGN_INS_PER_IP_PER_MINUTE: '1',
      IMGATE_TOKEN_TTL_S: '1',
    },
  })
  // As fast as may be: more than two a second, unless the machine stands still.
  const from = '127.0.0.30'
  const kept = await Promise.all(Array.from({ length: 60 }, () => isKept(t, gateway, from)))
  const refused = kept.filter(one => !one).length
  t.ok(kept.includes(true), 'some come in')
  t.ok(refused > 0, 'others do not')
  t.equal(await counted(gateway, 'limited_connects_per_ip_total'), refused)
  t.ok(await isKept(t, gateway, '127.0.0.31'), 'another address may')
  const burst = await Promise.all(Array.from({ length: 60 }, () => upgradeFrom(t, gateway, '127.0.0.32')))
  t.ok(burst.some(({ status }) => status === 101))
  const over = burst.filter(({ status }) => status === 429)
  t.ok(over.length > 0)
  t.ok(over.every(({ retryAfter }) => retryAfter === '1'))

  const credentials = await credentialsFor(gateway, 'tcp', freshId())
  let host = 40
  const isExpired = async () => {
    const client = await connectClient(t, gateway, 'tcp', `127.0.0.${host}`)
    const { code } = await client.request('ONLINE', onlineBody(credentials))
    client.destroy()
    return code === ErrorCode.BAD_TOKEN
  }
  await eventually(
    () => {
      host++
      return isExpired()
    },
    is => is,
    'the token is too old',
  )
  const client = await connectClient(t, gateway, 'tcp', `127.0.0.${host}`)
  const fresh = await gateway.api.iplist(credentials.uid, credentials.sid, 1)
  const { code } = await client.request('ONLINE', onlineBody({ ...credentials, token: fresh.token! }))
  t.equal(code, 0, 'one was allowed in a minute')
})

t.test('connections of a worker that failed count no more, those of the others do', async t => {
  const { gateway, fail } = await startFailing(t, { IMGATE_CONNECTIONS_PER_IP_MAX: String(FAILING_MAX) })
  const clients: Client[] = []
  for (let count = 0; count < FAILING_MAX; count++) {
    clients.push(await connectClient(t, gateway, TRANSPORTS[count % TRANSPORTS.length]!))
  }
  await fail(0)
  const isThere = ({ answer, closed }: { answer: Promise<unknown>; closed: Promise<unknown> }) =>
    Promise.race([answer.then(() => true), closed.then(() => false)]).catch(() => false)
  const there = await Promise.all(
    clients.map(client => isThere({ answer: client.answer('PING'), closed: client.closed })),
  )
  const stayed = there.filter(is => is).length
  t.ok(stayed < FAILING_MAX, `${stayed} of ${FAILING_MAX} stayed`)
  for (let count = stayed; count < FAILING_MAX; count++) t.ok(await isKept(t, gateway, '127.0.0.1'))
  t.notOk(await isKept(t, gateway, '127.0.0.1'), 'and not one more')
})
