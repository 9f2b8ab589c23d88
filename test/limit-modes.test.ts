import t from 'tap'
import { TRANSPORTS } from './support/client.js'
import { connectClient, credentialsFor, onlineBody, signIn } from './support/device.js'
import { ErrorCode } from './support/error-codes.js'
import { startGateway } from './support/gateway.js'
import { freshId } from './support/ids.js'
import { counted } from './support/metrics.js'

t.test('limits that observe count and log, and refuse nothing', async t => {
  const gateway = await startGateway(t, {
    env: {
      IMGATE_LIMITS: 'observe',
      IMGATE_CONNECTIONS_PER_IP_MAX: '1',
      IMGATE_CONNECTS_PER_IP_PER_SECOND: '1',
      IMGATE_BAD_SIGN_INS_PER_IP_PER_MINUTE: '1',
      IMGATE_SESSIONS_PER_UID_MAX: '1',
      IMGATE_CREATIONS_PER_USER_PER_MINUTE: '1',
      IMGATE_GROUPS_PER_USER_MAX: '1',
      IMGATE_RELATIONS_PER_USER_MAX: '1',
      IMGATE_REQUESTS_PER_SECOND: '1',
      IMGATE_REQUEST_BYTES_PER_SECOND: '10',
      IMGATE_HTTP_REQUESTS_PER_KEY_PER_SECOND: '1',
    },
  })
  const uid = freshId()
  const forged = { ...(await credentialsFor(gateway, 'tcp', uid)), token: 'forged' }
  const opened = await Promise.all(Array.from({ length: 8 }, () => connectClient(t, gateway, 'tcp')))
  for (const client of opened.slice(0, 2)) {
    t.equal((await client.request('ONLINE', onlineBody(forged))).code, ErrorCode.BAD_TOKEN)
  }
  const devices = []
  for (const transport of TRANSPORTS) devices.push(await signIn(t, gateway, { transport, uid }))
  for (const { client, ack } of devices) {
    t.equal((ack['limits'] as { requestsPerSecond: number }).requestsPerSecond, 0, 'there is none to keep')
    // At once, so that it is many in a second.
    const seqs = Array.from({ length: 20 }, () => client.send('GROUP-LIST', { num: 1 }))
    for (const seq of seqs) t.equal((await client.answerTo(seq)).body.code, 0)
    t.equal((await client.request('ROOM-CREAT', { uid, name: 'a', desc: '' })).code, 0)
    t.equal((await client.request('GROUP-CREAT', { uid, name: 'a', desc: '' })).code, 0)
    t.equal((await client.request('GAG-ADD', { suid: uid, duid: freshId() })).code, 0)
  }
  await Promise.all(Array.from({ length: 20 }, () => gateway.api.call('/im/openapi.json')))
  const over = [
    'connections_per_ip',
    'connects_per_ip',
    'bad_sign_ins_per_ip',
    'sessions_per_uid',
    'creations_per_user',
    'groups_per_user',
    'relations_per_user',
    'requests',
    'request_bytes',
    'http_requests_per_key',
  ]
  for (const name of over) t.ok((await counted(gateway, `limited_${name}_total`)) > 0, name)
  const logged = gateway.process.log.filter(({ msg }) => msg === 'over a limit')
  t.equal(new Set(logged.map(({ limit }) => limit)).size, over.length, 'each is in the log')
  t.ok(logged.length < 100, 'and not each time')
  t.ok(logged.every(({ refused }) => refused === false))
})

t.test('limits that are off do not look', async t => {
  const gateway = await startGateway(t, {
    env: {
      IMGATE_LIMITS: 'off',
      IMGATE_CONNECTIONS_PER_IP_MAX: '1',
      IMGATE_SESSIONS_PER_UID_MAX: '1',
      IMGATE_GROUPS_PER_USER_MAX: '1',
    },
  })
  const uid = freshId()
  for (const transport of TRANSPORTS) {
    const { client } = await signIn(t, gateway, { transport, uid })
    t.equal((await client.request('GROUP-CREAT', { uid, name: 'a', desc: '' })).code, 0)
  }
  for (const name of ['connections_per_ip', 'sessions_per_uid', 'groups_per_user']) {
    t.equal(await counted(gateway, `limited_${name}_total`), 0, name)
  }
})
