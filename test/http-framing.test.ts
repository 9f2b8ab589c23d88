import t, { type Test } from 'tap'
import { signIn } from './support/device.js'
import { ErrorCode } from './support/error-codes.js'
import { fence } from './support/fence.js'
import { startGateway } from './support/gateway.js'
import { freshId } from './support/ids.js'
import { pushedText } from './support/pushed.js'
import { RawHttp, rawHttp } from './support/raw-http.js'

const gateway = await startGateway(t)
const witness = await signIn(t, gateway, { transport: 'tcp' })
const PUSH = `POST /im/push?dim=uid&uid=${witness.uid}`

/** The texts that reached the witness until now. */
async function arrived(): Promise<string[]> {
  await fence(gateway, witness)
  const texts = witness.client.received('P2P').map(body => pushedText(witness.client, body))
  return texts.filter(text => !text.startsWith('"fence'))
}

/** Requests whose end is in doubt: headers, and the body as the native library reads it. */
const doubts: readonly [string, readonly string[], string][] = [
  ['two lengths', ['Content-Length: 4', 'Content-Length: 400'], 'body'],
  ['the same length twice', ['Content-Length: 4', 'Content-Length: 4'], 'body'],
  ['a length beside chunks', ['Content-Length: 4', 'Transfer-Encoding: chunked'], '0\r\n\r\n'],
  ['chunks beside a length', ['Transfer-Encoding: chunked', 'Content-Length: 4'], '0\r\n\r\n'],
  ['an empty length before another', ['Content-Length:', 'Content-Length: 4'], ''],
  ['a length with a sign', ['Content-Length: +4'], 'body'],
  ['a length of two', ['Content-Length: 4, 4'], 'body'],
  ['a hexadecimal length', ['Content-Length: 0x4'], 'body'],
  ['coding identity', ['Transfer-Encoding: identity'], '0\r\n\r\n'],
  ['coding gzip, chunked', ['Transfer-Encoding: gzip, chunked'], '0\r\n\r\n'],
  ['coding chunked, identity', ['Transfer-Encoding: chunked, identity'], '0\r\n\r\n'],
  ['a coding that looks like chunked', ['Transfer-Encoding: xchunked'], '0\r\n\r\n'],
  ['no coding', ['Transfer-Encoding:'], ''],
  ['chunked twice', ['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'], '0\r\n\r\n'],
  ['two hosts', ['Host: 127.0.0.2', 'Content-Length: 4'], 'body'],
]

/** What carries the doubt: with a body, without one, and where nobody asks for a key. */
const carriers = [
  `${PUSH} HTTP/1.1`,
  'GET /healthz HTTP/1.1',
  'GET /metrics HTTP/1.1',
  'GET /im/nothing HTTP/1.1',
  'DELETE /im/register HTTP/1.1',
]

for (const [what, headers, body] of doubts) {
  t.test(`${what}: neither the request nor one hidden behind it is carried out`, async t => {
    const rid = freshId()
    const closing = `GET /im/room/config?action=close&option=room&rid=${rid} HTTP/1.1`
    for (const carrier of [...carriers, closing]) {
      for (const isOneSegment of [true, false]) {
        const raw = await rawHttp(gateway, raw => {
          const first = raw.head(carrier, ...headers) + body
          const hidden = `${raw.head(closing) + raw.head(`${PUSH} HTTP/1.1`, 'Content-Length: 6')}hidden`
          return isOneSegment ? [first + hidden] : [first, hidden]
        })
        const { text } = await raw.closed()
        t.notMatch(text, /HTTP\/1\.1 [^4]/, `${carrier}: nothing was answered, or that it is refused`)
        t.ok((text.match(/HTTP\/1\.1/g) ?? []).length <= 1, 'at most one answer')
      }
    }
    const { body: pushed } = await gateway.api.call('/im/push', {
      method: 'POST',
      query: { dim: 'room', rid, expire: 0 },
      body: 'x',
    })
    t.equal(pushed.code, ErrorCode.OK, 'the room was not closed')
    t.strictSame(await arrived(), [])
  })

  t.test(`${what}: whoever waits is answered 400, and the connection ends`, async t => {
    const raw = await rawHttp(gateway, raw => [raw.head(`${PUSH} HTTP/1.1`, ...headers) + body])
    const { text } = await raw.closed()
    t.match(text, /^HTTP\/1\.1 400 /)
    t.match(text, /connection: close/i)
  })
}

t.test('the answer says which header is in doubt', async t => {
  const raw = await rawHttp(gateway, raw => [
    `${raw.head('POST /im/push?dim=broadcast HTTP/1.1', 'Transfer-Encoding: identity')}0\r\n\r\n`,
  ])
  const { text } = await raw.closed()
  t.match(text, `"code":${ErrorCode.BAD_PARAMETER}`)
  t.match(text, /transfer-encoding: expected chunked, got .*identity/)
})

t.test('a request after one that is sound is carried out, on the same connection', async t => {
  const before = await arrived()
  const raw = new RawHttp(gateway)
  t.teardown(() => raw.destroy())
  for (const [index, [header, body]] of (
    [
      ['Transfer-Encoding: chunked', '5\r\nchunk\r\n2\r\ned\r\n0\r\n\r\n'],
      ['transfer-encoding: Chunked', '3\r\ntwo\r\n0\r\n\r\n'],
      ['Content-Length: 5', 'three'],
      ['content-length:   4  ', 'four'],
    ] as const
  ).entries()) {
    await raw.send(raw.head(`${PUSH} HTTP/1.1`, header) + body)
    await raw.until(text => (text.match(/"total":1,/g) ?? []).length === index + 1)
  }
  t.strictSame(await arrived(), [...before, 'chunked', 'two', 'three', 'four'])
})

/** Counts what was answered; asking counts too. */
async function answered(t: Test): Promise<number> {
  const { text } = await gateway.api.call('/metrics')
  const counts = [...text.matchAll(/^imgate_http_requests_total\{worker="\d+"\} (\d+)$/gm)]
  t.ok(counts.length > 0)
  return counts.reduce((sum, [, count]) => sum + Number(count), 0)
}

t.test('every answer is counted once, and what got none is not', async t => {
  const calls: (() => Promise<unknown>)[] = [
    () => gateway.api.call('/healthz'),
    () => gateway.api.call('/im/openapi.json'),
    () => gateway.api.call('/im/nothing'),
    () => gateway.api.call('/im/query', { query: { option: 'user-status', uid: 1 } }),
    () => gateway.api.call('/im/push', { method: 'POST', query: { dim: 'uid', uid: 1 }, body: 'x' }),
    () => gateway.api.call('/im/push', { method: 'POST', query: { dim: 'uid', uid: 1 }, body: 'x'.repeat(100_000) }),
    async () => (await rawHttp(gateway, raw => [raw.head('GET /healthz HTTP/1.1', 'Host: y')])).closed(),
  ]
  for (const [index, call] of calls.entries()) {
    const before = await answered(t)
    await call()
    // What was asked before counts only now.
    t.equal(await answered(t), before + 2, `call ${index}`)
  }
  const before = await answered(t)
  const cut = await rawHttp(gateway, raw => [
    raw.head('POST /im/push?dim=broadcast HTTP/1.1', 'Content-Length: 1, 2') + raw.head('GET /healthz HTTP/1.1'),
  ])
  t.notMatch((await cut.closed()).text, / 200 /)
  t.ok((await answered(t)) <= before + 2)
})
