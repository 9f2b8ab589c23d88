import openapiTS, { astToString } from 'openapi-typescript'
import t from 'tap'
import { startGateway } from './support/gateway.js'
import { complaints } from './support/typescript.js'

/* A client's types are generated from the page that a gateway serves, and small clients compiled against them. */

const gateway = await startGateway(t)
const { text } = await gateway.api.call('/im/openapi.json')
const page = astToString(await openapiTS(text))

/** What a client puts on top of the generated types: a GET and a POST that know what each path takes and gives. */
const client = `
import type { components, paths } from './page.js'
export type Reply = components['schemas']
type Of<P extends keyof paths, M extends 'get' | 'post'> = Exclude<paths[P][M], undefined>
type PathsWith<M extends 'get' | 'post'> = { [P in keyof paths]: paths[P][M] extends object ? P : never }[keyof paths]
type Query<O> = O extends { parameters: { query: infer Q } } ? Q : never
type Body<O> = O extends { requestBody?: { content: { 'application/json': infer B } } } ? B : never
type Done<O> = O extends { responses: { 200: { content: { 'application/json': infer R } } } } ? R : never
export declare function get<P extends PathsWith<'get'>>(path: P, query: Query<Of<P, 'get'>>): Done<Of<P, 'get'>>
export declare function post<P extends PathsWith<'post'>>(path: P, body: Body<Of<P, 'post'>>): Done<Of<P, 'post'>>
export declare function push(
  query: paths['/im/push']['post']['parameters']['query'],
  headers: paths['/im/push']['post']['parameters']['header'],
): Done<paths['/im/push']['post']>
`

const right = `
const { sid, nation } = get('/im/register', { uid: 1, nation: 86, city: 10, town: 3 })
const { token, iplist, backoff } = get('/im/iplist', { type: 2, uid: 1, sid, clientip: '192.0.2.1' })
const texts: string[] = [token, ...iplist]
const numbers: number[] = [sid, nation, backoff.jitter]

const first = get('/im/room/query', { option: 'top-list', num: 3 }) as Reply['room.top']
for (const { idx, rid, total } of first.list) numbers.push(idx, rid, total)
const statis = get('/im/config', { action: 'get', option: 'user-statis', prec: '1m', num: 3 }) as Reply['user-statis.get']
for (const record of statis.list) texts.push(record['time-str'])
const prec: number | '1m' | '1y' = statis.prec
const listeners = get('/im/config', { action: 'list', option: 'listend' }) as Reply['listend.list']
for (const { type, status } of listeners.list) { const known: readonly [1 | 2, 0 | 1] = [type, status] }

push({ dim: 'room', rid: 5, expire: 0 }, { 'Idempotency-Key': 'order-7' })
const { list } = post('/im/push/batch', [
  { dim: 'uid', uid: 5, data: { any: ['value'] }, key: 'order-8' },
  { dim: 'room', rid: '18446744073709551615', expire: 60, data64: 'aGk=' },
  { dim: 'broadcast', data: 'all' },
])
for (const one of list) if (one.code === 0) numbers.push(one.total)

post('/im/group/config', { action: 'add', option: 'gag', gid: 5 })
post('/im/group/config', { action: 'add', option: 'blacklist', gid: 5, uid: '18446744073709551615' })
`

/** Each is wrong in one thing, and what the compiler says of it. */
const wrong = [
  ['a parameter that is missing', "get('/im/register', { uid: 1, nation: 86, city: 10 })", /'town' is missing/],
  ['a parameter of another type', "get('/im/register', { uid: 'x', nation: 1, city: 1, town: 1 })", /'string' is not/],
  ['a parameter that is unknown', "get('/im/register', { uid: 1, nation: 1, city: 1, town: 1, age: 1 })", /'age'/],
  ['a number that is none of the few', "get('/im/iplist', { type: 3, uid: 1, sid: 1, clientip: '::1' })", /'3' is not/],
  ['an unknown action', "get('/im/room/config', { action: 'explode', option: 'room', rid: 5 })", /'"explode"' is not/],
  ['an unknown path', "get('/im/nothing', {})", /'"\/im\/nothing"' is not/],
  ['a GET of what is a POST', "get('/im/push', { dim: 'broadcast' })", /'"\/im\/push"' is not/],
  ['a header of another type', "push({ dim: 'broadcast' }, { 'Idempotency-Key': 7 })", /'number' is not/],
  [
    'a push of a batch without its room',
    "post('/im/push/batch', [{ dim: 'room', expire: 0, data: 1 }])",
    /'rid' is missing/,
  ],
  ['one of an unknown dimension', "post('/im/push/batch', [{ dim: 'planet', data: 1 }])", /'"planet"' is not/],
  ['one with bytes that are no text', "post('/im/push/batch', [{ dim: 'uid', uid: 1, data64: 5 }])", /'number' is not/],
  [
    'a form without a user',
    "post('/im/room/config', { action: 'add', option: 'blacklist', rid: 5 })",
    /'uid' is missing/,
  ],
  [
    'a field that a reply lacks',
    "get('/im/iplist', { type: 1, uid: 1, sid: 1, clientip: '::1' }).port",
    /'port' does not/,
  ],
  [
    'a field taken for another type',
    "const sid: string = get('/im/register', { uid: 1, nation: 1, city: 1, town: 1 }).sid",
    /'number' is not/,
  ],
  [
    'a field of an entry that is not there',
    "const f = (top: Reply['group.top']) => top.list[0]!.rid",
    /'rid' does not/,
  ],
  [
    'an entry taken for another type',
    "const f = (one: Reply['group.member.get']): string => one.list[0]!.uid",
    /'number' is not/,
  ],
  [
    'a field that may be absent, taken for granted',
    "const f = (one: Reply['push.sid']): number => one.msgid",
    /'number \| undefined' is not/,
  ],
] as const

const uses = (text: string) => `import { get, post, push, type Reply } from './client.js'\n${text}`
const found = complaints({
  'page.ts': page,
  'client.ts': client,
  'right.ts': uses(right),
  ...Object.fromEntries(wrong.map(([, text], index) => [`wrong-${index}.ts`, uses(text)])),
})

t.test('the types that are made of the page, and right uses of them, compile', async t => {
  const names = Object.keys(found).filter(name => !name.startsWith('wrong-'))
  t.strictSame(
    names.map(name => [name, found[name]]),
    [],
  )
})

for (const [index, [what, , complaint]] of wrong.entries()) {
  t.test(`${what} does not compile`, async t => {
    const said = found[`wrong-${index}.ts`] ?? []
    t.equal(said.length, 1, said.join('\n'))
    t.match(said[0], complaint)
  })
}
