import t from 'tap'
import { TRANSPORTS } from './support/client.js'
import { staysOpen } from './support/closing.js'
import { eventually } from './support/deadline.js'
import { connectClient, signIn } from './support/device.js'
import { startGateway } from './support/gateway.js'

const LOGIN_MS = 1000
const HEARTBEAT_MS = 1000
const HEARTBEATS = 3

const gateway = await startGateway(t, {
  env: { IMGATE_LOGIN_TIMEOUT_MS: String(LOGIN_MS), IMGATE_HEARTBEAT_MS: String(HEARTBEAT_MS) },
})

const now = async (): Promise<number> => performance.now()

for (const transport of TRANSPORTS) {
  t.test(`who does not sign in is disconnected, also if he sends PING, over ${transport}`, async t => {
    const started = performance.now()
    const quiet = await connectClient(t, gateway, transport)
    const busy = await connectClient(t, gateway, transport)
    let isClosed = false
    const closed = busy.closed.then(() => {
      isClosed = true
    })
    await quiet.closed
    t.ok(performance.now() - started > LOGIN_MS * 0.9, 'not before the time')
    await eventually(
      async () => {
        if (!isClosed) busy.send('PING')
        return isClosed
      },
      done => done,
      'a connection that only sends PING',
    )
    await closed
  })

  t.test(
    `a session that says nothing for three heartbeats ends, one that says PING stays, over ${transport}`,
    async t => {
      const silent = await signIn(t, gateway, { transport })
      const alive = await signIn(t, gateway, { transport })
      t.equal(alive.ack.heartbeat, HEARTBEAT_MS / 1000)
      const started = performance.now()
      silent.client.pause()
      const statusOf = async (uid = silent.uid) => {
        await alive.client.request('PING')
        return (await gateway.api.ok('/im/query', { option: 'user-status', uid })).status
      }
      await eventually(statusOf, status => status === 0, 'the silent session', 15_000)
      const tookMs = performance.now() - started
      t.ok(tookMs > HEARTBEATS * HEARTBEAT_MS * 0.9, `it ended after ${Math.round(tookMs)} ms`)
      silent.client.resume()
      await silent.client.closed
      await eventually(
        async () => {
          await alive.client.request('PING')
          return await now()
        },
        at => at - started > (HEARTBEATS + 3) * HEARTBEAT_MS,
        'the clock',
      )
      await staysOpen(t, alive.client)
      t.equal(await statusOf(alive.uid), 1)
    },
  )
}
