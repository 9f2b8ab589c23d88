import { readFileSync } from 'node:fs'
import t from 'tap'
import { TRANSPORTS } from './support/client.js'
import { signIn } from './support/device.js'
import { ErrorCode } from './support/error-codes.js'
import { startGateway } from './support/gateway.js'
import { pushedBytes } from './support/pushed.js'
import { seededRandom } from './support/seed.js'

const BODY_BYTES_MAX = 64 * 1024

const gateway = await startGateway(t)

t.test('binary clients receive the bytes of a push as they were sent, whatever their type', async t => {
  const random = seededRandom(t)
  for (const transport of ['ws-binary', 'tcp'] as const) {
    const { client, uid } = await signIn(t, gateway, { transport })
    for (const contentType of [undefined, 'application/json', 'text/plain', 'application/octet-stream']) {
      for (const bytes of [Buffer.from('{ "a":  1.0 }\n'), random.bytes(300)]) {
        if (contentType === 'application/json' && bytes[0] !== 0x7b) continue
        await gateway.api.push('uid', { uid }, bytes, contentType === undefined ? {} : { contentType })
        const body = await client.next('P2P')
        t.ok(bytes.equals(pushedBytes(client, body)), `${contentType} over ${transport}`)
      }
    }
  }
})

t.test('JSON clients receive JSON as a value', async t => {
  const { client, uid } = await signIn(t, gateway, { transport: 'ws-json' })
  for (const [text, value] of [
    ['{"a":[1,2.5,null,true],"ключ":"値"}', { a: [1, 2.5, null, true], ключ: '値' }],
    ['18446744073709551615', 2n ** 64n - 1n],
    ['"text"', 'text'],
    ['null', null],
    ['  [ ]  ', []],
    ['{\n  "pretty": {\n    "a": 1\n  }\n}', { pretty: { a: 1 } }],
  ] as const) {
    for (const contentType of ['application/json', 'application/json; charset=utf-8']) {
      t.equal((await gateway.api.push('uid', { uid }, text, { contentType })).total, 1)
      const body = await client.next('P2P')
      t.strictSame(body.data, value, text)
      t.notOk('data64' in body)
    }
  }
})

t.test('JSON clients receive text as a string, also when no type was given and it is valid UTF-8', async t => {
  const { client, uid } = await signIn(t, gateway, { transport: 'ws-json' })
  for (const contentType of [undefined, 'text/plain', 'text/plain; charset=utf-8', 'text/html']) {
    for (const text of ['hello', 'żółć 中文 🜁 "quoted" \\ \u0000\u001f \u2028', '{"not":"parsed"}']) {
      await gateway.api.push('uid', { uid }, text, contentType === undefined ? {} : { contentType })
      const body = await client.next('P2P')
      t.equal(body.data, text, String(contentType))
      t.notOk('data64' in body)
    }
  }
})

t.test('JSON clients receive what curl calls a form as a string, as docs/http.md says', async t => {
  const { client, uid } = await signIn(t, gateway, { transport: 'ws-json' })
  const contentType = 'application/x-www-form-urlencoded'
  for (const text of ['good morning', 'a=1&b=%20', '{"order":1}']) {
    await gateway.api.push('uid', { uid }, text, { contentType })
    const body = await client.next('P2P')
    t.equal(body.data, text, 'not decoded')
    t.notOk('data64' in body)
  }
  const bytes = Buffer.from([0x61, 0xc3])
  await gateway.api.push('uid', { uid }, bytes, { contentType })
  t.equal((await client.next('P2P')).data64, bytes.toString('base64'), 'but for what is no UTF-8')

  const page = readFileSync('docs/http.md', 'utf8').replaceAll('\n', ' ')
  const said = page.split(/(?<=[.:]) /).find(sentence => sentence.includes(contentType))
  t.ok(said?.includes('curl'), 'the page names the form')
  const rule = page.slice(page.indexOf(said!) + said!.length)
  t.match(rule, /^ a string in `data` when the body is valid UTF-8[^.]*; else base64 in `data64`\./)
})

t.test('JSON clients receive everything else in data64', async t => {
  const { client, uid } = await signIn(t, gateway, { transport: 'ws-json' })
  for (const [contentType, bytes] of [
    [undefined, Buffer.from([0xff, 0xfe, 0x00])],
    [undefined, Buffer.from([0x61, 0xc3])],
    ['application/octet-stream', Buffer.from('text, but not called so')],
    ['image/png', Buffer.from([0x89, 0x50, 0x4e, 0x47])],
  ] as const) {
    await gateway.api.push('uid', { uid }, bytes, contentType === undefined ? {} : { contentType })
    const body = await client.next('P2P')
    t.equal(body.data64, bytes.toString('base64'), String(contentType))
    t.notOk('data' in body)
  }
})

for (const transport of TRANSPORTS) {
  t.test(`a push of the greatest size arrives whole over ${transport}, a longer one is refused`, async t => {
    const random = seededRandom(t)
    const { client, uid } = await signIn(t, gateway, { transport })
    const bytes = random.bytes(BODY_BYTES_MAX)
    const contentType = 'application/octet-stream'
    const reply = await gateway.api.push('uid', { uid }, bytes, { contentType })
    t.hasStrict(reply, { code: 0, total: 1 })
    t.ok(bytes.equals(pushedBytes(client, await client.next('P2P'))))
    const { status, body } = await gateway.api.call('/im/push', {
      method: 'POST',
      query: { dim: 'uid', uid },
      body: Buffer.alloc(BODY_BYTES_MAX + 1, 0x61),
    })
    t.equal(status, 413)
    t.equal(body.code, ErrorCode.TOO_LONG)
  })
}
