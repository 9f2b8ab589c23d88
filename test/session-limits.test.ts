import t from 'tap'
import { TRANSPORTS } from './support/client.js'
import { staysOpen } from './support/closing.js'
import { signIn } from './support/device.js'
import { ErrorCode } from './support/error-codes.js'
import { startGateway } from './support/gateway.js'
import { freshId } from './support/ids.js'
import { counted } from './support/metrics.js'

/* What one session may ask: a burst in one message is judged within a turn, so no test depends on how fast the machine is. */

const REQUESTS = 10
const SENT = 100
const BYTES = 2000

const gateway = await startGateway(t, { env: { IMGATE_REQUESTS_PER_SECOND: String(REQUESTS) } })
let alreadyOver = 0

for (const transport of TRANSPORTS) {
  t.test(`a session asks so much in a second and no more over ${transport}`, async t => {
    const { client, ack } = await signIn(t, gateway, { transport })
    t.equal((ack['limits'] as { requestsPerSecond: number }).requestsPerSecond, REQUESTS)
    const rid = freshId()
    const encoded = Array.from({ length: SENT }, (_, index) => client.encode('ROOM-QUIT', { rid }, 1000 + index))
    client.sendRaw(typeof encoded[0] === 'string' ? encoded.join('\n') : Buffer.concat(encoded as Uint8Array[]))
    const codes = []
    for (let index = 0; index < SENT; index++) {
      const { cmd, body } = await client.answerTo(1000 + index)
      t.equal(cmd, 'ROOM-QUIT-ACK')
      codes.push(body.code)
    }
    const over = codes.filter(code => code === ErrorCode.RATE_CALLER).length
    t.ok(over >= SENT - REQUESTS - 1 && over < SENT, `${over} of ${SENT} are too many`)
    t.equal(await counted(gateway, 'limited_requests_total'), alreadyOver + over)
    alreadyOver += over
    client.send('OFFLINE')
    await client.closed
    t.equal(client.received('OFFLINE-ACK').length, 1, 'leaving is never too much')
    t.equal(client.received('KICK').length, 0)
  })
}

t.test('what is no request counts as well', async t => {
  const { client } = await signIn(t, gateway, { transport: 'ws-json' })
  client.sendRaw(Array.from({ length: 15 }, () => 'nonsense').join('\n'))
  const codes: unknown[] = []
  for (let count = 0; count < 15; count++) codes.push((await client.next('ERROR')).code)
  t.ok(codes.includes(ErrorCode.BAD_HEADER))
  t.ok(codes.includes(ErrorCode.RATE_CALLER))
})

t.test('bytes over the rate: a WebSocket client hears so, a raw TCP client is not read from', async t => {
  const narrow = await startGateway(t, { env: { IMGATE_REQUEST_BYTES_PER_SECOND: String(BYTES) } })
  for (const transport of TRANSPORTS) {
    const { client, uid } = await signIn(t, narrow, { transport })
    const text = 'x'.repeat(BYTES / 5)
    const chats = Array.from({ length: 10 }, (_, index) =>
      client.encode('CHAT', { duid: uid, level: 1, text }, 50 + index),
    )
    client.sendRaw(typeof chats[0] === 'string' ? chats.join('\n') : Buffer.concat(chats as Uint8Array[]))
    const codes = []
    for (let index = 0; index < 10; index++) codes.push((await client.answerTo(50 + index)).body.code)
    if (transport === 'tcp')
      t.ok(
        codes.every(code => code === 0),
        'all are carried out',
      )
    else t.ok(codes.filter(code => code === ErrorCode.RATE_CALLER).length >= 4, `over ${transport}`)
    // Over TCP it is read when the debt is paid: the next request is only late.
    if (transport === 'tcp') t.equal((await client.request('CHAT', { duid: uid, level: 1, text: 'late' })).code, 0)
    else await staysOpen(t, client)
  }
  t.ok((await counted(narrow, 'limited_request_bytes_total')) > 0)
})
