import t from 'tap'
import { TRANSPORTS } from './support/client.js'
import { staysOpen } from './support/closing.js'
import { connectClient, credentialsFor, goOnline, onlineBody, signIn } from './support/device.js'
import { ErrorCode } from './support/error-codes.js'
import { startGateway } from './support/gateway.js'
import { freshId } from './support/ids.js'
import { counted } from './support/metrics.js'
import { joinRoom } from './support/room.js'

/* Limits of users and API keys, over two workers. */

const CALLS = 40
const CALLED = 400

t.test('limits of users and keys', async t => {
  const gateway = await startGateway(t, {
    env: {
      IMGATE_SESSIONS_PER_UID_MAX: '3',
      IMGATE_CREATIONS_PER_USER_PER_MINUTE: '4',
      IMGATE_HTTP_REQUESTS_PER_KEY_PER_SECOND: String(CALLS),
      IMGATE_API_KEYS: 'other,one',
    },
  })

  await t.test('a user has so many sessions, wherever they are, and makes so many rooms and groups', async t => {
    const uid = freshId()
    const devices = []
    for (const transport of TRANSPORTS) devices.push(await signIn(t, gateway, { transport, uid }))
    for (const transport of TRANSPORTS) {
      const credentials = await credentialsFor(gateway, transport, uid)
      const client = await connectClient(t, gateway, transport)
      t.equal((await client.request('ONLINE', onlineBody(credentials))).code, ErrorCode.RATE_USER)
      await staysOpen(t, client)
    }
    t.equal(await counted(gateway, 'limited_sessions_per_uid_total'), 3)
    const again = await goOnline(t, 'tcp', { ...devices[0]!, address: gateway.tcp })
    await devices[0]!.client.closed
    t.equal(again.ack.code, 0, 'a device that comes again takes no place more')
    await signIn(t, gateway, { transport: 'tcp' })

    const [, one, other] = devices
    const room = { uid, name: 'a', desc: '' }
    t.equal((await one!.client.request('ROOM-CREAT', room)).code, 0)
    t.equal((await one!.client.request('GROUP-CREAT', room)).code, 0)
    t.equal((await other!.client.request('ROOM-CREAT', room)).code, 0)
    t.equal((await other!.client.request('GROUP-CREAT', room)).code, 0)
    t.equal((await again.client.request('ROOM-CREAT', room)).code, ErrorCode.RATE_USER)
    t.equal((await one!.client.request('GROUP-CREAT', room)).code, ErrorCode.RATE_USER)
    t.equal(await counted(gateway, 'limited_creations_per_user_total'), 2)
    await joinRoom(one!, freshId())
    await other!.client.request('OFFLINE')
    await signIn(t, gateway, { transport: 'ws-json', uid })
  })

  await t.test('a key calls so often in a second, and each key by itself', async t => {
    const call = async (headers: Record<string, string>) => await gateway.api.call('/im/openapi.json', { headers })
    const replies = await Promise.all(Array.from({ length: CALLED }, () => call({ authorization: 'Bearer one' })))
    const over = replies.filter(({ status }) => status === 429)
    t.ok(over.length > 0 && over.length <= CALLED - CALLS, `${over.length} of ${CALLED} are too many`)
    t.ok(over.every(({ body, headers }) => body.code === ErrorCode.RATE_CALLER && headers['retry-after'] === '1'))
    t.equal((await call({ authorization: 'Bearer other' })).status, 200, 'the other key')
    t.equal((await gateway.api.call('/healthz')).status, 200, 'probes are not counted')
    t.equal(await counted(gateway, 'limited_http_requests_per_key_total'), over.length)
  })
})
