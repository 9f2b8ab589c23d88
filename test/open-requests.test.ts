import t from 'tap'
import { TRANSPORTS } from './support/client.js'
import { signIn } from './support/device.js'
import { ErrorCode } from './support/error-codes.js'
import { startGateway } from './support/gateway.js'
import { createGroup } from './support/group.js'

const OPEN_MAX = 8
const REQUESTS = 300

const gateway = await startGateway(t, { env: { IMGATE_REQUESTS_OPEN_MAX: String(OPEN_MAX) } })

t.test('a raw TCP client with many requests at once gets all of them done, in order', async t => {
  const { client } = await signIn(t, gateway, { transport: 'tcp' })
  const seqs = Array.from({ length: REQUESTS }, () => client.send('GROUP-LIST', { num: 1 }))
  for (const seq of seqs) t.equal((await client.answerTo(seq)).body.code, 0)
  const acks = client.inbox.arrivals.filter(({ cmd }) => cmd === 'GROUP-LIST-ACK').map(({ seq }) => seq)
  t.strictSame(acks, seqs)
})

for (const transport of TRANSPORTS.filter(one => one !== 'tcp')) {
  t.test(
    `a WebSocket client hears BUSY for what is over the limit, and is answered again later, ${transport}`,
    async t => {
      const device = await signIn(t, gateway, { transport })
      const gid = await createGroup(device)
      const { client } = device
      const encoded = Array.from({ length: REQUESTS }, (_, index) =>
        client.encode('GROUP-USR-LIST', { gid, num: 0 }, 1000 + index),
      )
      // In one message: nothing can be answered before the last is read.
      client.sendRaw(typeof encoded[0] === 'string' ? encoded.join('\n') : Buffer.concat(encoded as Uint8Array[]))
      const codes = []
      for (let index = 0; index < REQUESTS; index++) codes.push((await client.answerTo(1000 + index)).body.code)
      const done = codes.filter(code => code === 0).length
      t.equal(done, OPEN_MAX, 'as many as may be open')
      t.equal(
        codes.filter(code => code === ErrorCode.BUSY).length,
        REQUESTS - done,
        'and a word about each of the others',
      )
      t.equal((await client.request('GROUP-USR-LIST', { gid, num: 0 })).code, 0)
    },
  )
}
