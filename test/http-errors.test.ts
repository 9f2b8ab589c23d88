import { request } from 'node:http'
import { connect } from 'node:net'
import t from 'tap'
import { ErrorCode } from './support/error-codes.js'
import { startGateway } from './support/gateway.js'
import { httpInterface, testRefusals } from './support/http-interface.js'

const gateway = await startGateway(t)

testRefusals(t, gateway, [
  httpInterface(
    '1.1 register',
    '/im/register',
    { uid: '1', nation: '1', city: '1', town: '1' },
    'uid nation city town',
  ),
  httpInterface(
    '1.2 iplist',
    '/im/iplist',
    { type: '1', uid: '1', sid: '1', clientip: '127.0.0.1' },
    'type uid sid clientip',
  ),
  httpInterface('2.1 broadcast', '/im/push', { dim: 'broadcast' }, 'dim', 'POST'),
  httpInterface('2.2 group push', '/im/push', { dim: 'group', gid: '1' }, 'dim gid', 'POST'),
  httpInterface('2.3 room push', '/im/push', { dim: 'room', rid: '1', expire: '0' }, 'dim rid expire', 'POST'),
  httpInterface('2.4 sid push', '/im/push', { dim: 'sid', sid: '1' }, 'dim sid', 'POST'),
  httpInterface('2.5 uid push', '/im/push', { dim: 'uid', uid: '1' }, 'dim uid', 'POST'),
  httpInterface('2.6 app push', '/im/push', { dim: 'appid', appid: 'a' }, 'dim appid', 'POST'),
  httpInterface('4.1 user-status', '/im/query', { option: 'user-status', uid: '1' }, 'option uid'),
  httpInterface('4.2 sid-list', '/im/query', { option: 'sid-list', uid: '1' }, 'option uid'),
])

for (const [what, path] of [
  ['path', '/im/nothing'],
  ['path', '/'],
  ['path', '/im'],
  ['path', '/im/register/'],
  ['path', '/IM/register'],
  ['action', '/im/config?action=shake&option=user-statis'],
  ['action', '/im/room/config?action=explode&option=room&rid=1'],
  ['action', '/im/group/config?action=list&option=blacklist&gid=1'],
  ['option', '/im/config?action=add&option=coffee'],
  ['option', '/im/query?option=weather&uid=1'],
  ['option', '/im/room/query?option=mesg-top-list'],
  ['option', '/im/group/query?option=group-list'],
  ['option', '/im/room/config?action=close&option=group&rid=1'],
] as const) {
  t.test(`an unknown ${what} is refused: ${path}`, async t => {
    const { status, body, headers } = await gateway.api.call(path)
    t.equal(status, 404)
    t.equal(body.code, ErrorCode.UNKNOWN_PATH)
    t.equal(headers['content-type'], 'application/json; charset=utf-8')
  })
}

t.test('an unknown dimension of a push is refused', async t => {
  for (const dim of ['planet', 'Room', '__proto__', 'constructor']) {
    const { status, body } = await gateway.api.call('/im/push', { method: 'POST', query: { dim }, body: 'x' })
    t.equal(status, 404, dim)
    t.equal(body.code, ErrorCode.UNKNOWN_PATH, dim)
  }
})

t.test('a broken escape in a query is refused', async t => {
  for (const broken of ['%', '%zz', '%ff']) {
    const { status, body } = await gateway.api.call(`/im/query?option=user-status&uid=${broken}`)
    t.equal(status, 400, broken)
    t.equal(body.code, ErrorCode.BAD_PARAMETER, broken)
  }
})

t.test('every reply is JSON with code and errmsg', async t => {
  const { status, headers, body } = await gateway.api.call('/im/query', { query: { option: 'user-status', uid: 1 } })
  t.equal(status, 200)
  t.equal(headers['content-type'], 'application/json; charset=utf-8')
  t.strictSame(body, { uid: 1, status: 0, len: 0, list: [], code: 0, errmsg: 'OK' })
})

t.test('a body that is too long is refused, also when it does not say its length', async t => {
  const [host, port] = gateway.http.split(':')
  const status = await new Promise((resolve, reject) => {
    const headers = { 'x-api-key': gateway.key }
    const path = '/im/push?dim=broadcast'
    const call = request({ host, port, method: 'POST', path, headers, agent: false }, response => {
      response.resume()
      resolve(response.statusCode)
    })
    call.on('error', reject)
    call.write(Buffer.alloc(40_000))
    call.write(Buffer.alloc(40_000))
    call.end()
  })
  t.equal(status, 413)
})

t.test('probes answer', async t => {
  for (const path of ['/healthz', '/readyz', '/metrics']) {
    t.equal((await gateway.api.call(path)).status, 200, path)
  }
})

t.test('what is no HTTP does not bring the gateway down', async t => {
  const [host, port] = gateway.http.split(':')
  for (const garbage of [
    '\0\0\0\0',
    'GET\r\n\r\n',
    `GET /${'x'.repeat(100_000)} HTTP/1.1\r\n\r\n`,
    'POST /im/push HTTP/1.1\r\n',
  ]) {
    await new Promise<void>(resolve => {
      const socket = connect({ host: host!, port: Number(port) }, () => socket.end(garbage))
      socket.on('error', () => undefined)
      socket.on('close', () => resolve())
      socket.resume()
    })
  }
  t.equal((await gateway.api.call('/healthz')).status, 200)
})
