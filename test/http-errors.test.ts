import { request } from 'node:http'
import { connect } from 'node:net'
import t from 'tap'
import type { CallOptions } from './support/api.js'
import { ErrorCode } from './support/error-codes.js'
import { startGateway } from './support/gateway.js'

const gateway = await startGateway(t)

/** Every interface with parameters that it accepts. */
const INTERFACES: {
  name: string
  method: 'GET' | 'POST'
  path: string
  query: Record<string, string>
  needs: string[]
}[] = []

function add(name: string, path: string, query: Record<string, string>, needs: string, method: 'GET' | 'POST' = 'GET') {
  INTERFACES.push({ name, method, path, query, needs: needs.split(' ').filter(need => need !== '') })
}

add('1.1 register', '/im/register', { uid: '1', nation: '1', city: '1', town: '1' }, 'uid nation city town')
add('1.2 iplist', '/im/iplist', { type: '1', uid: '1', sid: '1', clientip: '127.0.0.1' }, 'type uid sid clientip')
add('2.1 broadcast', '/im/push', { dim: 'broadcast' }, 'dim', 'POST')
add('2.2 group push', '/im/push', { dim: 'group', gid: '1' }, 'dim gid', 'POST')
add('2.3 room push', '/im/push', { dim: 'room', rid: '1', expire: '0' }, 'dim rid expire', 'POST')
add('2.4 sid push', '/im/push', { dim: 'sid', sid: '1' }, 'dim sid', 'POST')
add('2.5 uid push', '/im/push', { dim: 'uid', uid: '1' }, 'dim uid', 'POST')
add('2.6 app push', '/im/push', { dim: 'appid', appid: 'a' }, 'dim appid', 'POST')
const CONFIG = '/im/config'
add('3.1 add', CONFIG, { action: 'add', option: 'user-statis', prec: '300', num: '5' }, 'action option prec num')
add('3.2 del', CONFIG, { action: 'del', option: 'user-statis', prec: '600' }, 'action option prec')
add('3.3 list', CONFIG, { action: 'list', option: 'user-statis' }, 'action option')
add('3.4 get', CONFIG, { action: 'get', option: 'user-statis', prec: '300', num: '5' }, 'action option prec num')
add('4.1 user-status', '/im/query', { option: 'user-status', uid: '1' }, 'option uid')
add('4.2 sid-list', '/im/query', { option: 'sid-list', uid: '1' }, 'option uid')
const GROUP = '/im/group/config'
for (const action of ['add', 'del']) {
  add(`5 ${action} blacklist`, GROUP, { action, option: 'blacklist', gid: '1', uid: '1' }, 'action option gid uid')
  add(`5 ${action} gag`, GROUP, { action, option: 'gag', gid: '1', uid: '1' }, 'action option gid')
  add(`5 ${action} member`, GROUP, { action, option: 'member', gid: '1', uid: '1' }, 'action option gid uid')
}
for (const option of ['blacklist', 'gag', 'member', 'cap']) {
  add(`5 get ${option}`, GROUP, { action: 'get', option, gid: '1' }, 'action option gid')
}
add('5.7 close', GROUP, { action: 'close', option: 'group', gid: '1' }, 'action option gid')
add('5 open', GROUP, { action: 'open', option: 'group', gid: '1' }, 'action option gid')
add('5.8 set cap', GROUP, { action: 'set', option: 'cap', gid: '1', cap: '5' }, 'action option gid cap')
add('5.10 top-list', '/im/group/query', { option: 'top-list' }, 'option')
add('5.11 mesg-top-list', '/im/group/query', { option: 'mesg-top-list' }, 'option')
const ROOM = '/im/room/config'
for (const action of ['add', 'del']) {
  add(`6 ${action} blacklist`, ROOM, { action, option: 'blacklist', rid: '1', uid: '1' }, 'action option rid uid')
  add(`6 ${action} gag`, ROOM, { action, option: 'gag', rid: '1', uid: '1' }, 'action option rid')
}
add('6.5 close', ROOM, { action: 'close', option: 'room', rid: '1' }, 'action option rid')
add('6.6 open', ROOM, { action: 'open', option: 'room', rid: '1' }, 'action option rid')
add('6.7 set cap', ROOM, { action: 'set', option: 'cap', rid: '1', cap: '5' }, 'action option cap')
add('6.8 get cap', ROOM, { action: 'get', option: 'cap', rid: '1' }, 'action option')
add('6.9 top-list', '/im/room/query', { option: 'top-list' }, 'option')
add('6.10 group-list', '/im/room/query', { option: 'group-list', rid: '1' }, 'option rid')
for (const option of ['listend', 'frwder']) {
  add(`7 list ${option}`, CONFIG, { action: 'list', option }, 'action option')
  const node = { option, nid: '9', ipaddr: '127.0.0.1', port: '9' }
  add(`7 add ${option}`, CONFIG, { action: 'add', ...node }, 'action option nid ipaddr port')
  add(`7 del ${option}`, CONFIG, { action: 'del', ...node }, 'action option nid ipaddr port')
}

const IDS = ['uid', 'sid', 'rid', 'gid', 'nid']

for (const { name, method, path, query, needs } of INTERFACES) {
  const call = (changed: Record<string, string | undefined>) => {
    const options: CallOptions = { method, query: { ...query, ...changed } }
    if (method === 'POST') options.body = 'x'
    return gateway.api.call(path, options)
  }

  t.test(`${name}: a missing parameter is named`, async t => {
    for (const need of needs) {
      const { status, body } = await call({ [need]: undefined })
      t.equal(status, 400, need)
      t.equal(body.code, ErrorCode.MISSING_PARAMETER, need)
      t.match(body.errmsg, new RegExp(`\\b${need}\\b`))
    }
  })

  t.test(`${name}: a parameter given twice is refused`, async t => {
    for (const parameter of needs) {
      const twice = `${path}?${parameter}=${query[parameter]}`
      const options: CallOptions = { method, query, ...(method === 'POST' ? { body: 'x' } : {}) }
      const { status, body } = await gateway.api.call(twice, options)
      t.equal(status, 400, parameter)
      t.equal(body.code, ErrorCode.BAD_PARAMETER, parameter)
      t.match(body.errmsg, new RegExp(`\\b${parameter}\\b`))
    }
  })

  t.test(`${name}: an id that is none is refused by its name and value`, async t => {
    for (const parameter of Object.keys(query).filter(parameter => IDS.includes(parameter))) {
      for (const bad of ['-7', '7e1', '18446744073709551616', 'seven']) {
        const { status, body } = await call({ [parameter]: bad })
        t.equal(status, 400, `${parameter}=${bad}`)
        t.equal(body.code, ErrorCode.BAD_PARAMETER)
        t.match(body.errmsg, new RegExp(`\\b${parameter}\\b`))
        t.ok(body.errmsg.includes(bad), `${body.errmsg} shows what came`)
      }
    }
    t.pass('all of its ids were tried')
  })

  t.test(`${name}: another method is refused`, async t => {
    for (const wrong of ['GET', 'POST', 'PUT', 'DELETE'] as const) {
      if (wrong === method) continue
      const { status, body } = await gateway.api.call(path, { method: wrong, query })
      t.equal(status, 405, wrong)
      t.equal(body.code, ErrorCode.WRONG_METHOD, wrong)
    }
  })
}

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

t.test('num must be a number above 0 in rankings', async t => {
  for (const path of ['/im/room/query', '/im/group/query']) {
    for (const num of ['0', '-1', 'ten', '1.5']) {
      const { body } = await gateway.api.call(path, { query: { option: 'top-list', num } })
      t.equal(body.code, ErrorCode.BAD_PARAMETER, num)
    }
  }
})

t.test('a body that is too long is refused, also when it does not say its length', async t => {
  const [host, port] = gateway.http.split(':')
  const status = await new Promise((resolve, reject) => {
    const call = request({ host, port, method: 'POST', path: '/im/push?dim=broadcast', agent: false }, response => {
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
