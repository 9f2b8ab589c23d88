import t from 'tap'
import { TRANSPORTS } from './support/client.js'
import { closesForNow } from './support/closing.js'
import { withDeadline } from './support/deadline.js'
import { type Device, goOnline, signIn } from './support/device.js'
import { ErrorCode } from './support/error-codes.js'
import { killAndRestart, spawnGateway, startGateway } from './support/gateway.js'
import { freshId } from './support/ids.js'
import { chatRoom, joinRoom } from './support/room.js'

t.test('SIGTERM sends the clients elsewhere and ends with exit code 0', async t => {
  const gateway = await startGateway(t)
  const devices: Device[] = []
  for (const transport of [...TRANSPORTS, ...TRANSPORTS]) devices.push(await signIn(t, gateway, { transport }))
  const rid = freshId()
  for (const device of devices) await joinRoom(device, rid)
  const stopped = gateway.process.stop()
  for (const { client } of devices) {
    const kick = await client.next('KICK')
    t.ok(kick.retry, 'they may come back')
    t.ok(Number(kick.after) >= 0, `after ${kick.after} ms`)
    t.type(kick.errmsg, 'string')
    await closesForNow(t, client)
  }
  t.strictSame(await stopped, { code: 0, signal: null })
})

t.test('SIGTERM and SIGINT end an idle gateway with exit code 0', async t => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const gateway = await startGateway(t)
    gateway.process.signal(signal)
    const exit = await withDeadline(gateway.process.exited, () => `the end after ${signal}`)
    t.strictSame(exit, { code: 0, signal: null }, signal)
  }
})

t.test('a second signal during the drain does no harm', async t => {
  const gateway = await startGateway(t)
  const { client } = await signIn(t, gateway, { transport: 'ws-json' })
  const stopped = gateway.process.stop()
  await client.next('KICK')
  gateway.process.signal('SIGTERM')
  const { code, signal } = await stopped
  t.equal(signal, null)
  t.ok(code === 0 || code === 1, `exit code ${code}`)
})

t.test('a second start on the same data is refused with the reason, and the first goes on', async t => {
  const first = await startGateway(t)
  const second = await spawnGateway(t, { dataDir: first.dataDir })
  const { code } = await withDeadline(second.exited, () => 'the end of a start that is refused')
  t.ok(code !== null && code !== 0, `exit code ${code}`)
  t.ok(second.output.includes(first.dataDir), `it names the folder: ${second.output}`)
  t.equal((await first.api.call('/healthz')).status, 200)
  t.equal((await signIn(t, first, { transport: 'tcp' })).ack.code, ErrorCode.OK)
})

for (const [option, which] of [
  ['IMGATE_HTTP_PORT', 'http'],
  ['IMGATE_TCP_PORT', 'tcp'],
] as const) {
  t.test(`a second start on the same ${which} port is refused with the reason`, async t => {
    const first = await startGateway(t)
    const port = first[which].split(':')[1]!
    const second = await spawnGateway(t, { env: { [option]: port } })
    const { code } = await withDeadline(second.exited, () => 'the end of a start that is refused')
    t.ok(code !== null && code !== 0, `exit code ${code}`)
    t.ok(second.output.includes(port), `it names the port: ${second.output}`)
    for (let index = 0; index < 10; index += 1) {
      const device = await signIn(t, first, { transport: TRANSPORTS[index % 3]! })
      t.equal(device.ack.code, ErrorCode.OK)
    }
  })
}

t.test('a port is free again right after the end', async t => {
  const first = await startGateway(t)
  const [httpPort, tcpPort] = [first.http.split(':')[1]!, first.tcp.split(':')[1]!]
  await signIn(t, first, { transport: 'tcp' })
  await signIn(t, first, { transport: 'ws-json' })
  await first.process.stop()
  const env = { IMGATE_HTTP_PORT: httpPort, IMGATE_TCP_PORT: tcpPort }
  const second = await startGateway(t, { dataDir: first.dataDir, env })
  t.equal(second.http, first.http)
  t.equal(second.tcp, first.tcp)
  t.equal((await signIn(t, second, { transport: 'tcp' })).ack.code, ErrorCode.OK)
})

t.test('after a crash it serves again with the same data, and tokens are still good', async t => {
  const first = await startGateway(t)
  const uid = 2n ** 64n - 1n
  const { sid } = await first.api.register(uid)
  const { token } = await first.api.iplist(uid, sid!, 2)
  const rid = freshId()
  const device = await signIn(t, first, { transport: 'ws-json' })
  await joinRoom(device, rid)
  const before = await chatRoom(device, rid, 'before')
  const second = await killAndRestart(t, first)
  const kept = await goOnline(t, 'ws-binary', { uid, sid: sid!, token: token!, address: second.http })
  t.equal(kept.ack.code, ErrorCode.OK)
  const status = await second.api.ok('/im/query', { option: 'user-status', uid: device.uid })
  t.equal(status.status, 0, 'no session survives')
  const again = await signIn(t, second, { transport: 'tcp', uid: device.uid })
  t.not(again.sid, device.sid)
  await joinRoom(again, rid)
  const after = await chatRoom(again, rid, 'after')
  t.ok(after.msgid! > before.msgid!, 'msgid goes on rising')
})

t.test('the log is one JSON object a line', async t => {
  const gateway = await startGateway(t, { env: { IMGATE_API_KEYS: 'the-key' } })
  await gateway.process.stop()
  const lines = gateway.process.output.split('\n').filter(line => line !== '')
  for (const line of lines) t.doesNotThrow(() => JSON.parse(line), line)
})

t.test('the ports that were chosen are listed', async t => {
  const gateway = await startGateway(t)
  await signIn(t, gateway, { transport: 'tcp' })
  await signIn(t, gateway, { transport: 'ws-json' })
  const { list, len } = await gateway.api.ok('/im/config', { action: 'list', option: 'listend' })
  t.equal(len, 2)
  const of = (type: number) => list?.find(entry => entry['type'] === type)
  t.hasStrict(of(1), { ipaddr: gateway.tcp, status: 1, total: 1 })
  t.hasStrict(of(2), { ipaddr: gateway.http, status: 1, total: 1 })
})
