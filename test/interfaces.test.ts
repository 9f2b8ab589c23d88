import t, { type Test } from 'tap'
import { routes } from '#dist/http/routes.js'
import { Api, type Reply } from './support/api.js'
import { eventually } from './support/deadline.js'
import { signIn } from './support/device.js'
import { ErrorCode } from './support/error-codes.js'
import { startGateway } from './support/gateway.js'
import { chatGroup, createGroup } from './support/group.js'
import { faultsOf, matchesRow } from './support/reply-schema.js'
import { joinRoom } from './support/room.js'
import { BIGGEST, type Fields, type Interface, STRANGER, specification } from './support/specification.js'

const gateway = await startGateway(t)
const device = await signIn(t, gateway, { transport: 'tcp', uid: BIGGEST, app: 'chat', version: '1.0' })
await joinRoom(device, BIGGEST)
for (const gid of [BIGGEST, STRANGER]) await createGroup(device, gid)
await chatGroup(device, BIGGEST, 'counted by the ranking of messages')
for (const option of ['listend', 'frwder']) {
  await gateway.api.ok('/im/config', { action: 'add', option, nid: STRANGER, ipaddr: '192.0.2.40', port: 9000 })
}
for (const prec of [300, 600]) {
  await gateway.api.ok('/im/config', { action: 'add', option: 'user-statis', prec, num: 5 })
}
await eventually(
  () => gateway.api.ok('/im/config', { action: 'get', option: 'user-statis', prec: 300, num: 1 }),
  ({ list }) => list?.length === 1,
  'the first sample',
)

const interfaces = specification(`${device.sid}`)
const titleOf = ({ doc, path, query: { action, option, dim } }: Interface) =>
  [doc, path, action, option, dim].filter(part => part !== undefined).join(' ')

function call({ method, path, query }: Interface, changed: Record<string, string | undefined> = {}, api = gateway.api) {
  return api.call(path, { method, query: { ...query, ...changed }, ...(method === 'POST' ? { body: 'x' } : {}) })
}

/** In the text as it came: an id in quotes, with an exponent or rounded is none. */
function hasBareDigits(t: Test, text: string, field: string, digits: string): void {
  const found = [...text.matchAll(new RegExp(`"${field}":([^,}\\]]*)`, 'g'))].map(([, value]) => value)
  t.ok(found.includes(digits), `${field} stands as ${digits} among ${found.slice(0, 5).join(', ')}`)
  t.strictSame(
    found.filter(value => !/^[0-9]+$/.test(value!)),
    [],
    `every ${field} is bare digits`,
  )
}

function hasFields(t: Test, found: object, wanted: Fields, what: string): void {
  for (const [name, type] of Object.entries(wanted)) {
    const value = (found as Record<string, unknown>)[name]
    const isOne = {
      integer: typeof value === 'bigint' || Number.isInteger(value),
      string: typeof value === 'string',
      array: Array.isArray(value),
    }[type]
    t.ok(isOne, `${what}: ${name} is an ${type}`)
  }
}

function isGood(t: Test, { doc, reply, entry, query }: Interface, { status, headers, body, text }: Reply): void {
  t.equal(status, 200, text.slice(0, 200))
  t.equal(headers['content-type'], 'application/json; charset=utf-8')
  t.hasStrict(body, { code: 0, errmsg: 'OK' })
  hasFields(t, body, reply, 'reply')
  matchesRow(
    t,
    routes.find(row => row.doc === doc),
    text,
  )
  for (const id of ['uid', 'sid', 'rid', 'gid']) {
    if (id in reply && query[id] !== undefined) hasBareDigits(t, text, id, query[id])
  }
  if ('iplist' in reply) t.equal(body.len, body.iplist?.length, 'len is the length of iplist')
  if (entry === undefined) return
  const list = body.list!
  t.ok(list.length > 0, 'there is an entry to look at')
  if ('len' in reply) t.equal(body.len, list.length, 'len is the length of list')
  else t.equal(body['num'], list.length, 'num is the length of list')
  for (const [index, one] of list.entries()) {
    t.equal(one.idx, index)
    hasFields(t, one, entry, `entry ${index}`)
  }
}

t.equal(interfaces.length, 41, 'there are 41 interfaces')

for (const one of interfaces) {
  t.test(`${titleOf(one)}: a good call gives every field of the specification`, async t => {
    isGood(t, one, await call(one))
  })
}

t.test('a reply that is not what its row says is found', async t => {
  const row = routes.find(({ name }) => name === 'room.top')!
  const reply = (entry: string, rest = ',"code":0,"errmsg":"OK"') => `{"len":1,"list":[${entry}]${rest}}`
  const good = `{"idx":0,"rid":${BIGGEST},"total":1}`
  t.strictSame(faultsOf(row, reply(good)), [])
  for (const [what, text] of [
    ['a field that is missing', reply('{"idx":0,"rid":5}')],
    ['one that the row does not name', reply('{"idx":0,"rid":5,"total":1,"more":1}')],
    ['another type', reply('{"idx":0,"rid":"5","total":1}')],
    ['an id of 0', reply('{"idx":0,"rid":0,"total":1}')],
    ['a negative count', reply('{"idx":0,"rid":5,"total":-1}')],
    ['no envelope', reply(good, '')],
    ['a refusal', '{"code":10009,"errmsg":"busy"}'],
  ] as const) {
    t.ok(faultsOf(row, text).length > 0, what)
  }
})

t.test('ids of 64 bits stand in lists as bare digits', async t => {
  for (const [doc, field, digits] of [
    ['4.1', 'rid', BIGGEST],
    ['5.3', 'uid', STRANGER],
    ['5.6', 'uid', STRANGER],
    ['5.10', 'gid', BIGGEST],
    ['5.11', 'gid', BIGGEST],
    ['6.9', 'rid', BIGGEST],
    ['7.1', 'nid', STRANGER],
    ['7.4', 'nid', STRANGER],
  ] as const) {
    const one = interfaces.find(row => row.doc === doc)!
    const { text } = await call(one)
    t.comment(titleOf(one))
    hasBareDigits(t, text, field, `${digits}`)
  }
})

for (const one of interfaces.filter(({ numbers }) => Object.keys(numbers).length > 0)) {
  t.test(`${titleOf(one)}: a number that is none is refused by its name and value`, async t => {
    for (const [name, kind] of Object.entries(one.numbers)) {
      for (const bad of [
        '-1',
        '1.5',
        `${2n ** 64n}`,
        'many',
        '',
        '0x1',
        '+1',
        '1e1',
        ' 1',
        ...(kind === 'zero' ? [] : ['0']),
      ]) {
        const { status, body } = await call(one, { [name]: bad })
        t.equal(status, 400, `${name}=${bad}`)
        t.equal(body.code, ErrorCode.BAD_PARAMETER, `${name}=${bad}: ${body.errmsg}`)
        t.match(body.errmsg, new RegExp(`\\b${name}\\b`))
        t.ok(body.errmsg.includes(JSON.stringify(bad)), `${body.errmsg} shows what came`)
      }
    }
  })
}

t.test('0 is taken where it is a number', async t => {
  for (const one of interfaces) {
    for (const [name, kind] of Object.entries(one.numbers)) {
      if (kind !== 'zero') continue
      const { status, body } = await call(one, { [name]: '0' })
      t.equal(status, 200, `${titleOf(one)} ${name}: ${body.errmsg}`)
    }
  }
  t.hasStrict(await gateway.api.groupConfig('del', 'gag', { gid: BIGGEST, uid: 0 }), { code: 0 })
})

for (const one of interfaces.filter(({ optional }) => optional.length > 0)) {
  t.test(`${titleOf(one)}: what is optional may be absent, but not stand twice`, async t => {
    for (const name of one.optional) {
      const without = await call(one, { [name]: undefined })
      t.equal(without.status, 200, without.body.errmsg)
      t.equal(without.body.code, 0, `without ${name}`)
      const { body } = await call({ ...one, path: `${one.path}?${name}=${one.query[name]}` })
      t.equal(body.code, ErrorCode.BAD_PARAMETER, `${name} twice`)
      t.match(body.errmsg, new RegExp(`\\b${name}\\b`))
    }
  })
}

t.test('no interface answers without a key', async t => {
  const own = await startGateway(t, { env: { IMGATE_API_KEYS: 'the-key' } })
  for (const one of interfaces) {
    const { status, body, headers } = await call(one, {}, new Api(own.http))
    t.equal(status, 401, titleOf(one))
    t.equal(body.code, ErrorCode.NO_KEY, titleOf(one))
    t.equal(headers['content-type'], 'application/json; charset=utf-8')
  }
})

const FORM = 'application/x-www-form-urlencoded'
const JSON_TYPE = 'application/json'
const configuration = interfaces.filter(({ path }) => path.endsWith('/config'))

function post(path: string, contentType: string | undefined, body: string) {
  const headers = contentType === undefined ? {} : { 'content-type': contentType }
  return gateway.api.call(path, { method: 'POST', body, headers })
}

/** JSON whose numbers are bare digits of any length. */
function jsonOf(query: Interface['query']): string {
  const fields = Object.entries(query).map(([name, value]) => {
    return `${JSON.stringify(name)}:${/^[0-9]+$/.test(value) ? value : JSON.stringify(value)}`
  })
  return `{${fields.join(',')}}`
}

for (const one of configuration) {
  t.test(`${titleOf(one)}: a POST takes a form, or JSON with ids as integers`, async t => {
    for (const [contentType, body] of [
      [FORM, new URLSearchParams(one.query).toString()],
      [`${FORM}; charset=UTF-8`, new URLSearchParams(one.query).toString()],
      [JSON_TYPE, jsonOf(one.query)],
      ['Application/JSON; charset=utf-8', JSON.stringify(one.query)],
    ] as const) {
      t.comment(contentType)
      if (one.query['action'] === 'del') await restore(one)
      isGood(t, one, await post(one.path, contentType, body))
    }
  })
}

/** Adds what a `del` needs to be there. */
async function restore({ path, query }: Interface): Promise<void> {
  const num = query['option'] === 'user-statis' ? { num: 5 } : {}
  await gateway.api.ok(path, { ...query, action: 'add', ...num })
}

t.test('a POST may have its parameters partly in the query', async t => {
  const { status, body } = await post(
    '/im/group/config?action=set&option=cap',
    JSON_TYPE,
    `{"gid":${BIGGEST},"cap":77}`,
  )
  t.equal(status, 200)
  t.hasStrict(body, { gid: BIGGEST, cap: 77, code: 0 })
})

t.test('a parameter in the query and in the body is refused by its name', async t => {
  for (const [contentType, body] of [
    [FORM, `gid=${BIGGEST}&cap=5`],
    [JSON_TYPE, `{"gid":${BIGGEST},"cap":5}`],
  ] as const) {
    const reply = await post(`/im/group/config?action=set&option=cap&gid=${BIGGEST}`, contentType, body)
    t.equal(reply.status, 400)
    t.equal(reply.body.code, ErrorCode.BAD_PARAMETER)
    t.match(reply.body.errmsg, /\bgid\b/)
  }
})

t.test('a parameter that stands twice in a body is refused by its name', async t => {
  for (const [contentType, body] of [
    [FORM, 'action=set&option=cap&rid=5&rid=6&cap=3'],
    [JSON_TYPE, '{"action":"set","option":"cap","rid":5,"rid":6,"cap":3}'],
    [JSON_TYPE, `{"action":"set","option":"cap","rid":${BIGGEST},"rid":${STRANGER},"cap":3}`],
  ] as const) {
    const reply = await post('/im/room/config', contentType, body)
    t.equal(reply.body.code, ErrorCode.BAD_PARAMETER, body)
    t.match(reply.body.errmsg, /\brid\b/)
  }
})

t.test('a body that is no form and no JSON is refused for its content-type', async t => {
  for (const contentType of ['text/plain', 'application/octet-stream', 'multipart/form-data; boundary=x', undefined]) {
    const { status, body } = await post('/im/room/config', contentType, 'action=get&option=cap')
    t.equal(status, 400, String(contentType))
    t.equal(body.code, ErrorCode.BAD_PARAMETER, String(contentType))
    t.match(body.errmsg, /content-type/i)
  }
})

t.test('JSON that is no object of texts and numbers is refused', async t => {
  for (const body of ['', '[]', '5', 'null', '"text"', '{', '{"action":"get","option":"cap"}}', '{"action":"get",}']) {
    const reply = await post('/im/room/config', JSON_TYPE, body)
    t.equal(reply.status, 400, body)
    const wanted = body === '' ? ErrorCode.MISSING_PARAMETER : ErrorCode.BAD_PARAMETER
    t.equal(reply.body.code, wanted, `${body}: ${reply.body.errmsg}`)
  }
  for (const value of ['null', 'true', '[5]', '{"a":5}', '-1', '1.5', '0', `${2n ** 64n}`, '1e400', '""']) {
    const reply = await post('/im/room/config', JSON_TYPE, `{"action":"get","option":"cap","rid":${value}}`)
    t.equal(reply.status, 400, value)
    t.equal(reply.body.code, ErrorCode.BAD_PARAMETER, `${value}: ${reply.body.errmsg}`)
    // One that no number holds is refused before anybody knows whose it is.
    t.match(reply.body.errmsg, value === '1e400' ? /\b1e400\b/ : /\brid\b/)
  }
})

t.test('a path that takes no configuration takes no POST of parameters', async t => {
  for (const [path, body] of [
    ['/im/register', 'uid=1&nation=1&city=1&town=1'],
    ['/im/query', 'option=user-status&uid=1'],
    ['/im/room/query', 'option=top-list'],
  ] as const) {
    const reply = await post(path, FORM, body)
    t.equal(reply.status, 405, path)
    t.equal(reply.body.code, ErrorCode.WRONG_METHOD, path)
  }
})
