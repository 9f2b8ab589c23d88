import t from 'tap'
import { eventually } from './support/deadline.js'
import { connectClient, connectTo, credentialsFor, goOnline, onlineBody, signIn } from './support/device.js'
import { startGateway } from './support/gateway.js'
import { freshId } from './support/ids.js'
import { counted } from './support/metrics.js'

t.test('every closed connection is counted by its cause', async t => {
  const gateway = await startGateway(t)
  const garbled = await connectClient(t, gateway, 'tcp')
  garbled.sendRaw(Buffer.from('GET / HTTP/1.1\r\n\r\n'))
  await garbled.closed
  const credentials = await credentialsFor(gateway, 'ws-json', freshId())
  const forger = await connectTo(t, 'ws-json', credentials.address)
  forger.send('ONLINE', onlineBody({ ...credentials, token: 'forged' }))
  await forger.closed
  const older = await goOnline(t, 'ws-json', credentials)
  const newer = await goOnline(t, 'ws-json', credentials)
  await older.client.closed
  await newer.client.request('OFFLINE')
  await newer.client.closed
  for (const cause of ['bad_frame', 'bad_token', 'replaced', 'offline']) {
    t.equal(await counted(gateway, `closed_${cause}_total`), 1, cause)
  }
  t.equal(await counted(gateway, 'closed_slow_consumer_total'), 0)
})

t.test('sessions and users online are told apart', async t => {
  const gateway = await startGateway(t)
  const uid = freshId()
  await signIn(t, gateway, { transport: 'tcp', uid })
  await signIn(t, gateway, { transport: 'ws-binary', uid })
  const other = await signIn(t, gateway, { transport: 'ws-json' })
  t.equal(await counted(gateway, 'sessions'), 3)
  t.equal(await counted(gateway, 'users'), 2)
  other.client.destroy()
  await eventually(
    () => counted(gateway, 'users'),
    users => users === 1,
    'one user is left',
  )
})
