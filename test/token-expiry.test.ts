import t from 'tap'
import { TRANSPORTS } from './support/client.js'
import { closesForGood, staysOpen } from './support/closing.js'
import { eventually } from './support/deadline.js'
import { connectClient, credentialsFor, onlineBody } from './support/device.js'
import { ErrorCode } from './support/error-codes.js'
import { startGateway } from './support/gateway.js'
import { freshId } from './support/ids.js'

const gateway = await startGateway(t, { env: { IMGATE_TOKEN_TTL_S: '1' } })

/** Which second it is, for who waits until a token of this second is over. */
const second = async (): Promise<number> => Math.floor(Date.now() / 1000)

t.test('iplist tells for how many seconds its token is valid', async t => {
  const uid = freshId()
  const { sid } = await gateway.api.register(uid)
  const { expire, token } = await gateway.api.iplist(uid, sid!, 2)
  t.equal(expire, 1)
  t.match(token, /^[\w.~:-]+$/, 'the token needs no escape in a URL')
})

for (const transport of TRANSPORTS) {
  t.test(`a token signs in only until it has expired over ${transport}`, async t => {
    const credentials = await credentialsFor(gateway, transport, freshId())
    const issued = await second()
    await eventually(second, now => now > issued + 2, 'the clock')
    const client = await connectClient(t, gateway, transport)
    const ack = await client.request('ONLINE', onlineBody(credentials))
    t.equal(ack.code, ErrorCode.BAD_TOKEN)
    await closesForGood(t, client)
  })

  t.test(`a session outlives the token that it signed in with over ${transport}`, async t => {
    const client = await connectClient(t, gateway, transport)
    const credentials = await credentialsFor(gateway, transport, freshId())
    const issued = await second()
    t.equal((await client.request('ONLINE', onlineBody(credentials))).code, ErrorCode.OK)
    await eventually(second, now => now > issued + 2, 'the clock')
    await staysOpen(t, client)
  })
}
