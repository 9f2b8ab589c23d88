import { networkInterfaces } from 'node:os'
import t from 'tap'
import { Api } from './support/api.js'
import { withDeadline } from './support/deadline.js'
import { signIn } from './support/device.js'
import { ErrorCode } from './support/error-codes.js'
import { spawnGateway, startGateway } from './support/gateway.js'
import { freshId } from './support/ids.js'

t.test('without keys the start on an address that others reach is refused with the reason', async t => {
  for (const [name, value] of [
    ['IMGATE_HTTP_HOST', '0.0.0.0'],
    ['IMGATE_HTTP_HOST', '::'],
  ] as const) {
    const gateway = await spawnGateway(t, { env: { [name]: value } })
    const { code } = await withDeadline(gateway.exited, () => 'the end of a start that is refused')
    t.ok(code !== null && code !== 0, `${value}: exit code ${code}`)
    t.match(gateway.output, /api.?keys/i, 'it names the option that is missing')
  }
})

t.test('without keys a call that was forwarded is refused', async t => {
  const gateway = await startGateway(t)
  for (const header of ['X-Forwarded-For', 'Forwarded', 'X-Real-IP', 'Via']) {
    const value = header === 'Forwarded' ? 'for=203.0.113.9' : header === 'Via' ? '1.1 proxy' : '203.0.113.9'
    const { status, body } = await gateway.api.call('/im/query', {
      query: { option: 'user-status', uid: 1 },
      headers: { [header]: value },
    })
    t.equal(status, 401, header)
    t.equal(body.code, ErrorCode.NO_KEY, header)
  }
  t.equal((await gateway.api.call('/im/query', { query: { option: 'user-status', uid: 1 } })).status, 200)
})

t.test('with keys every call needs one of them, as a bearer or as X-API-Key', async t => {
  const gateway = await startGateway(t, { env: { IMGATE_API_KEYS: 'first-key,second-key' } })
  const anonymous = new Api(gateway.http)
  const call = (headers: Record<string, string>) =>
    anonymous.call('/im/register', { query: { uid: freshId(), nation: 1, city: 1, town: 1 }, headers })
  for (const headers of [
    { authorization: 'Bearer first-key' },
    { authorization: 'Bearer second-key' },
    { 'x-api-key': 'first-key' },
    { 'x-api-key': 'second-key' },
    { 'x-api-key': 'first-key', 'x-forwarded-for': '203.0.113.9' },
  ]) {
    const { status, body } = await call(headers as Record<string, string>)
    t.equal(status, 200, JSON.stringify(headers))
    t.equal(body.code, ErrorCode.OK)
  }
  for (const headers of [
    {},
    { authorization: 'Bearer first-ke' },
    { authorization: 'Bearer first-key2' },
    { authorization: 'Bearer first-key,second-key' },
    { authorization: 'Bearer ' },
    { authorization: 'Basic first-key' },
    { authorization: 'first-key' },
    { 'x-api-key': '' },
    { 'x-api-key': 'FIRST-KEY' },
  ]) {
    const { status, body } = await call(headers as Record<string, string>)
    t.equal(status, 401, JSON.stringify(headers))
    t.equal(body.code, ErrorCode.NO_KEY)
    t.notOk(body.errmsg.includes('first-key'), 'the refusal gives no key away')
  }
  const unknown = await anonymous.call('/im/nothing')
  t.equal(unknown.status, 401, 'who has no key learns nothing of the paths')
  t.notOk(gateway.process.output.includes('first-key'), 'no key is in the log')
})

t.test('a key in the query is none', async t => {
  const gateway = await startGateway(t, { env: { IMGATE_API_KEYS: 'the-key' } })
  const { status } = await new Api(gateway.http).call('/im/query?option=user-status&uid=1&api_key=the-key')
  t.equal(status, 401)
})

t.test('devices need no key, and with keys the gateway serves every address', async t => {
  const gateway = await startGateway(t, { env: { IMGATE_API_KEYS: 'the-key', IMGATE_HTTP_HOST: '0.0.0.0' } })
  const device = await signIn(t, gateway, { transport: 'tcp' })
  t.equal(device.ack.code, ErrorCode.OK)
  const own = Object.values(networkInterfaces())
    .flat()
    .find(address => address?.family === 'IPv4' && !address.internal)
  if (own === undefined) return
  const there = new Api(`${own.address}:${gateway.http.split(':')[1]}`, 'the-key')
  t.equal((await there.call('/im/query', { query: { option: 'user-status', uid: 1 } })).status, 200)
})
