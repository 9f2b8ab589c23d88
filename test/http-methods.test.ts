import t from 'tap'
import type { CallOptions, Query } from './support/api.js'
import { ErrorCode } from './support/error-codes.js'
import { startGateway } from './support/gateway.js'
import { freshId } from './support/ids.js'
import { RawHttp } from './support/raw-http.js'

const gateway = await startGateway(t)
type Method = NonNullable<CallOptions['method']>
const ALL: readonly Method[] = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS']

/** What may be asked, and how. */
const pages: readonly [string, Query, readonly Method[]][] = [
  ['/healthz', {}, ['GET', 'HEAD']],
  ['/readyz', {}, ['GET', 'HEAD']],
  ['/metrics', {}, ['GET', 'HEAD']],
  ['/im/openapi.json', {}, ['GET', 'HEAD']],
  ['/im/query', { option: 'user-status', uid: 1 }, ['GET', 'HEAD']],
  ['/im/query', { option: 'sid-list', uid: 1 }, ['GET', 'HEAD']],
  ['/im/room/query', { option: 'top-list', num: 3 }, ['GET', 'HEAD']],
  ['/im/room/query', { option: 'group-list', rid: 1 }, ['GET', 'HEAD']],
  ['/im/group/query', { option: 'top-list', num: 3 }, ['GET', 'HEAD']],
  ['/im/group/query', { option: 'mesg-top-list', num: 3 }, ['GET', 'HEAD']],
  ['/im/register', { uid: 1, nation: 1, city: 1, town: 1 }, ['GET']],
  ['/im/iplist', { type: 1, uid: 1, sid: 1, clientip: '127.0.0.1' }, ['GET']],
  ['/im/push', { dim: 'uid', uid: 1 }, ['POST']],
  ['/im/push/batch', {}, ['POST']],
  ['/im/room/config', { action: 'open', option: 'room', rid: 1 }, ['GET', 'POST']],
]

for (const [path, query, allowed] of pages) {
  t.test(`${path} ${query['option'] ?? ''} says which methods it takes, and takes no other`, async t => {
    for (const method of ALL.filter(method => !allowed.includes(method))) {
      const { status, headers, body, text } = await gateway.api.call(path, { method, query })
      t.equal(status, 405, method)
      t.equal(headers['allow'], allowed.join(', '), method)
      if (method === 'HEAD') t.equal(text, '')
      else t.equal(body.code, ErrorCode.WRONG_METHOD, method)
    }
  })

  if (!allowed.includes('HEAD')) continue
  t.test(`HEAD ${path} ${query['option'] ?? ''} has the headers of GET and no body`, async t => {
    const { date: _, 'content-length': length, ...headers } = (await gateway.api.call(path, { query })).headers
    const head = await gateway.api.call(path, { method: 'HEAD', query })
    const { date: __, 'content-length': told, ...same } = head.headers
    t.equal(head.status, 200)
    t.equal(head.text, '')
    t.strictSame(same, headers)
    // The figures of the metrics have other lengths at another time.
    if (path === '/metrics') t.ok(Number(told) > 1000)
    else t.equal(told, length)
  })
}

t.test('HEAD of a refusal has its status and no body', async t => {
  for (const [path, status] of [
    ['/im/nothing', 404],
    ['/im/query?option=user-status', 400],
    ['/im/query?option=weather', 404],
  ] as const) {
    const head = await gateway.api.call(path, { method: 'HEAD' })
    t.equal(head.status, status, path)
    t.equal(head.text, '')
    t.equal(head.headers['content-length'], (await gateway.api.call(path)).headers['content-length'])
  }
})

t.test('HEAD changes nothing', async t => {
  const rid = freshId()
  await gateway.api.call('/im/room/config', { method: 'HEAD', query: { action: 'close', option: 'room', rid } })
  t.equal((await gateway.api.push('room', { rid, expire: 0 }, 'x')).code, ErrorCode.OK)
})

t.test('a connection goes on behind a HEAD', async t => {
  const raw = new RawHttp(gateway)
  t.teardown(() => raw.destroy())
  await raw.send(raw.head('HEAD /im/openapi.json HTTP/1.1'))
  await raw.until(text => text.includes('\r\n\r\n'))
  await raw.send(raw.head('HEAD /im/query?option=sid-list&uid=1 HTTP/1.1'))
  await raw.until(text => text.split('\r\n\r\n').length === 3)
  await raw.send(raw.head('GET /healthz HTTP/1.1'))
  const { text } = await raw.until(text => text.endsWith('{"status":"ok"}'))
  t.equal(text.match(/HTTP\/1\.1 200 OK/g)?.length, 3)
})
