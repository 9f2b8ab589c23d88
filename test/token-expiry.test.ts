import t from 'tap'
import { TRANSPORTS } from './support/client.js'
import { isKicked, staysOpen } from './support/closing.js'
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

/** The token with another MAC of the same length. */
function altered(token: string): string {
  const at = token.lastIndexOf('.') + 1
  return `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`
}

for (const transport of TRANSPORTS) {
  t.test(
    `a token that has expired is refused, and the client invited back with a new one, over ${transport}`,
    async t => {
      const credentials = await credentialsFor(gateway, transport, freshId())
      const issued = await second()
      await eventually(second, now => now > issued + 2, 'the clock')
      const client = await connectClient(t, gateway, transport)
      const ack = await client.request('ONLINE', onlineBody(credentials))
      t.equal(ack.code, ErrorCode.BAD_TOKEN)
      await isKicked(t, client, { code: ErrorCode.BAD_TOKEN, retry: 1, closeCode: 4004 })

      for (const [what, forged] of [
        ['altered', { ...credentials, token: altered(credentials.token) }],
        ['of another user', { ...credentials, uid: freshId() }],
        ['whose time was moved', { ...credentials, token: credentials.token.replace(/ttl:\d+/, 'ttl:99999999999') }],
      ] as const) {
        const forger = await connectClient(t, gateway, transport)
        t.equal((await forger.request('ONLINE', onlineBody(forged))).code, ErrorCode.BAD_TOKEN, what)
        await isKicked(t, forger, { code: ErrorCode.BAD_TOKEN, retry: 0, closeCode: 4501 })
      }

      const { token } = await gateway.api.iplist(credentials.uid, credentials.sid, 2)
      const back = await connectClient(t, gateway, transport)
      t.equal((await back.request('ONLINE', onlineBody({ ...credentials, token: token! }))).code, ErrorCode.OK)
    },
  )

  t.test(`a session outlives the token that it signed in with over ${transport}`, async t => {
    const client = await connectClient(t, gateway, transport)
    const credentials = await credentialsFor(gateway, transport, freshId())
    const issued = await second()
    t.equal((await client.request('ONLINE', onlineBody(credentials))).code, ErrorCode.OK)
    await eventually(second, now => now > issued + 2, 'the clock')
    await staysOpen(t, client)
  })
}
