import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import t from 'tap'
import { TRANSPORTS } from './support/client.js'
import { type Device, signIn } from './support/device.js'
import { ErrorCode } from './support/error-codes.js'
import { startGateway } from './support/gateway.js'
import { freshId } from './support/ids.js'
import { pushedText } from './support/pushed.js'
import { RawHttp } from './support/raw-http.js'

const gateway = await startGateway(t)
const JSON_TYPE = { 'content-type': 'application/json' }
const BOM = Buffer.from([0xef, 0xbb, 0xbf])
const marked = (text: string) => Buffer.concat([BOM, Buffer.from(text)])
const uid = freshId()
const devices: Device[] = []
for (const transport of TRANSPORTS) devices.push(await signIn(t, gateway, { transport, uid }))

async function push(body: string | Uint8Array, headers: Record<string, string>) {
  return await gateway.api.call('/im/push', { method: 'POST', query: { dim: 'uid', uid }, body, headers })
}

/** What each device gets next: the text, or for a JSON client the value. */
async function nextOfAll(): Promise<unknown[]> {
  const all: unknown[] = []
  for (const { client } of devices) {
    const body = await client.next('P2P')
    all.push(client.format === 'json' ? body.data : pushedText(client, body))
  }
  return all
}

t.test('JSON may begin with a byte order mark: parameters, a batch, a push', async t => {
  const rid = freshId()
  const config = await gateway.api.call('/im/room/config', {
    method: 'POST',
    body: marked(`{"action":"close","option":"room","rid":${rid}}`),
    headers: JSON_TYPE,
  })
  t.equal(config.status, 200, config.text)
  t.equal((await gateway.api.push('room', { rid, expire: 0 }, 'x')).code, ErrorCode.CLOSED)

  const batch = await gateway.api.call('/im/push/batch', {
    method: 'POST',
    body: marked(` [{"dim":"uid","uid":${uid},"data":"in a batch"}]`),
    headers: JSON_TYPE,
  })
  t.equal(batch.body.list?.[0]?.total, devices.length, batch.text)
  t.strictSame(new Set(await nextOfAll()), new Set(['in a batch']))

  t.equal((await push(marked('{"a":1}'), JSON_TYPE)).status, 200)
  for (const [index, value] of (await nextOfAll()).entries()) {
    t.same(devices[index]!.client.format === 'json' ? value : JSON.parse(String(value)), { a: 1 }, 'without the mark')
  }
  t.equal((await push(BOM, JSON_TYPE)).body.code, ErrorCode.BAD_PARAMETER, 'a mark alone is no JSON')
})

t.test('text keeps its byte order mark', async t => {
  await push(marked('text'), { 'content-type': 'text/plain' })
  t.strictSame(new Set(await nextOfAll()), new Set(['\ufefftext']))
})

const codings: readonly [string, (body: string) => Uint8Array][] = [
  ['gzip', body => gzipSync(body)],
  ['x-gzip', body => gzipSync(body)],
  ['GZIP', body => gzipSync(body)],
  ['deflate', body => deflateSync(body)],
  ['deflate', body => deflateRawSync(body)],
  ['identity', body => Buffer.from(body)],
]

t.test('a body is decoded as its Content-Encoding says', async t => {
  for (const [coding, encode] of codings) {
    const text = `text ${'x'.repeat(40_000)} ${coding}`
    const pushed = await push(encode(text), { 'content-encoding': coding })
    t.equal(pushed.body.total, devices.length, `${coding}: ${pushed.text}`)
    t.strictSame(new Set(await nextOfAll()), new Set([text]), coding)
  }
  const rid = freshId()
  const config = await gateway.api.call('/im/room/config', {
    method: 'POST',
    body: gzipSync(`action=close&option=room&rid=${rid}`),
    headers: { 'content-type': 'application/x-www-form-urlencoded', 'content-encoding': 'gzip' },
  })
  t.equal(config.status, 200, config.text)
  t.equal((await gateway.api.push('room', { rid, expire: 0 }, 'x')).code, ErrorCode.CLOSED)
  const list = Array.from({ length: 500 }, (_, index) => ({ dim: 'uid', uid: 1, data: 'x'.repeat(10_000 + index) }))
  const batch = await gateway.api.call('/im/push/batch', {
    method: 'POST',
    body: gzipSync(JSON.stringify(list)),
    headers: { ...JSON_TYPE, 'content-encoding': 'gzip' },
  })
  t.equal(batch.body.list?.filter(({ code }) => code === 0).length, 500)
})

t.test('a body that grows beyond the limit is refused, however small it came', async t => {
  for (const [coding, encode] of codings) {
    const { status, body } = await push(encode('x'.repeat(65_537)), { 'content-encoding': coding })
    t.equal(status, 413, coding)
    t.equal(body.code, ErrorCode.TOO_LONG)
    t.match(body.errmsg, /65536/)
  }
  const bomb = gzipSync(Buffer.alloc(64 << 20))
  const { status } = await gateway.api.call('/im/push/batch', {
    method: 'POST',
    body: bomb,
    headers: { 'content-encoding': 'gzip' },
  })
  t.equal(status, 413)
})

t.test('what is not what its Content-Encoding says is refused', async t => {
  for (const [coding, body] of [
    ['gzip', Buffer.from('plain text')],
    ['gzip', deflateSync('text')],
    ['gzip', gzipSync('x'.repeat(1000)).subarray(0, -9)],
    ['deflate', Buffer.from('plain text')],
    ['deflate', gzipSync('text')],
  ] as const) {
    const { status, body: reply } = await push(body, { 'content-encoding': coding })
    t.equal(status, 400, coding)
    t.equal(reply.code, ErrorCode.BAD_PARAMETER)
    t.match(reply.errmsg, coding)
  }
})

t.test('another Content-Encoding is refused by its name', async t => {
  for (const coding of ['br', 'zstd', 'gzip, gzip', 'constructor']) {
    const { status, body, headers } = await push('x', { 'content-encoding': coding })
    t.equal(status, 415, coding)
    t.equal(body.code, ErrorCode.UNKNOWN_ENCODING)
    t.ok(body.errmsg.includes(coding), body.errmsg)
    t.equal(headers['accept-encoding'], 'gzip, deflate')
  }
})

/** Writes a body of so many bytes, until it is written or the connection ends. */
async function sendLong(raw: RawHttp, bytes: number): Promise<void> {
  const piece = Buffer.alloc(1 << 20, 'x')
  for (let sent = 0; sent < bytes; sent += piece.length) await raw.send(piece.subarray(0, bytes - sent))
}

t.test('a body that is too long is read to its end and refused, and the connection goes on', async t => {
  for (const chunked of [false, true]) {
    const raw = new RawHttp(gateway)
    t.teardown(() => raw.destroy())
    const bytes = 8 << 20
    const header = chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${bytes}`
    await raw.send(raw.head('POST /im/push?dim=broadcast HTTP/1.1', header))
    if (chunked) await raw.send(`${bytes.toString(16)}\r\n`)
    await sendLong(raw, bytes)
    if (chunked) await raw.send('\r\n0\r\n\r\n')
    const { text } = await raw.until(text => text.endsWith('}'))
    t.match(text, /^HTTP\/1\.1 413 /)
    t.match(text, `"code":${ErrorCode.TOO_LONG}`)
    await raw.send(raw.head('GET /healthz HTTP/1.1'))
    const next = await raw.until(text => text.includes('"status":"ok"'))
    t.notOk(next.isClosed, 'the connection goes on')
  }
})

t.test('a body without end is cut', async t => {
  const raw = new RawHttp(gateway)
  const bytes = 64 << 20
  await raw.send(raw.head('POST /im/push?dim=broadcast HTTP/1.1', `Content-Length: ${bytes}`))
  sendLong(raw, bytes).catch(() => undefined)
  t.ok((await raw.closed()).isClosed)
})
