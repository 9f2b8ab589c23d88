import { addExtension } from 'msgpackr'
import t, { type Test } from 'tap'
import { frameAround, packValue } from './support/codec.js'
import { COMMANDS } from './support/commands.js'
import { type Device, signIn } from './support/device.js'
import { ErrorCode } from './support/error-codes.js'
import { startGateway } from './support/gateway.js'
import { freshId, type Id } from './support/ids.js'
import { parseJson, toJson } from './support/json.js'
import { joinRoom } from './support/room.js'

/* What clients say in `data` reaches the others whole, and in a form that their decoders take. */

const gateway = await startGateway(t)

/** msgpackr, which the tests decode with, throws on a type that it was not told of. */
const APPLICATION_TYPE = 42
addExtension({ type: APPLICATION_TYPE, unpack: data => data })

interface Talk {
  readonly rid: Id
  readonly json: Device
  readonly binary: Device
}

async function talk(t: Test): Promise<Talk> {
  const rid = freshId()
  const [json, binary] = [
    await signIn(t, gateway, { transport: 'ws-json' }),
    await signIn(t, gateway, { transport: 'tcp' }),
  ]
  await joinRoom(json, rid)
  await joinRoom(binary, rid)
  return { rid, json, binary }
}

/** A ROOM-CHAT whose `data` is these bytes of MessagePack. */
function chatWith(rid: Id, seq: number, data: Uint8Array): Buffer {
  const body = packValue({ rid, data: 0 })
  return frameAround(COMMANDS['ROOM-CHAT'], seq, Buffer.concat([body.subarray(0, -1), data]))
}

t.test('JSON that JavaScript treats in a way of its own arrives as it was sent', async t => {
  const { rid, json, binary } = await talk(t)
  const said = '{"__proto__":{"admin":true},"constructor":{"prototype":1},"hasOwnProperty":0,"n":18446744073709551615}'
  json.client.sendRaw(`{"cmd":"ROOM-CHAT","seq":1,"body":{"rid":${rid},"data":${said}}}`)
  t.equal((await json.client.answerTo(1)).body.code, ErrorCode.OK)
  t.equal(toJson((await json.client.next('ROOM-CHAT')).data), said)
  const { data } = await binary.client.next('ROOM-CHAT')
  t.equal((data as { n: bigint }).n, 2n ** 64n - 1n)

  const key = Buffer.from('__proto__')
  binary.client.sendRaw(
    chatWith(rid, 2, Buffer.concat([Buffer.from([0x81, 0xa0 | key.length]), key, Buffer.from([7])])),
  )
  t.equal((await binary.client.answerTo(2)).body.code, ErrorCode.OK)
  t.equal(toJson((await json.client.next('ROOM-CHAT')).data), '{"__proto__":7}')
})

t.test('half of a surrogate pair is replaced, wherever it stands', async t => {
  const { rid, json, binary } = await talk(t)
  json.client.sendRaw(
    `{"cmd":"ROOM-CHAT","seq":1,"body":{"rid":${rid},"text":"a\\ud800b","data":[{"\\udfff":["\\ud800"]}]}}`,
  )
  t.equal((await json.client.answerTo(1)).body.code, ErrorCode.OK)
  for (const { client } of [json, binary]) {
    const { text, data } = await client.next('ROOM-CHAT')
    t.strictSame({ text, data }, { text: 'a\ufffdb', data: [{ '\ufffd': ['\ufffd'] }] })
  }
})

t.test('extension types and other keys reach JSON clients in a form that they have', async t => {
  const { rid, json, binary } = await talk(t)
  const timestamp = [0xd6, 0xff, 0x65, 0x53, 0xf1, 0x00]
  const data = Buffer.from([
    0x83,
    1,
    ...timestamp,
    0xcf,
    ...Buffer.alloc(8, 255),
    0xc7,
    1,
    APPLICATION_TYPE,
    9,
    0xc0,
    0xc3,
  ])
  const unknown = Buffer.from([0x83, 0xa1, 0x78, ...timestamp, 0xc0, 0xd4, 1, 2])
  const body = Buffer.concat([unknown, packValue({ rid }).subarray(1)])
  binary.client.sendRaw(frameAround(COMMANDS['ROOM-JOIN'], 1, body))
  t.equal((await binary.client.answerTo(1)).body.code, ErrorCode.OK, 'unknown fields are walked over')
  binary.client.sendRaw(chatWith(rid, 2, data))
  t.equal((await binary.client.answerTo(2)).body.code, ErrorCode.OK)
  t.strictSame((await json.client.next('ROOM-CHAT')).data, {
    1: { $ext: -1, data64: 'ZVPxAA==' },
    '18446744073709551615': { $ext: 42, data64: 'CQ==' },
    null: true,
  })
  await binary.client.next('ROOM-CHAT')
})

t.test('what would break the decoders of others is refused, and says why', async t => {
  const { rid, json, binary } = await talk(t)
  for (const [seq, [data, why]] of [
    [[0x92, 1, 0xa2, 0xc3, 0x28], /^bad body: data: expected text in UTF-8, got other bytes$/],
    [[0x81, 0xa1, 0xff, 1], /data: expected text in UTF-8/],
    [[0xd4, 0x80, 0], /data: expected a timestamp or an extension type of 0..127/],
    [[0xd4, 0xff, 0], /data: expected a timestamp/],
  ].entries() as Iterable<[number, [number[], RegExp]]>) {
    binary.client.sendRaw(chatWith(rid, 100 + seq, Buffer.from(data)))
    const { body } = await binary.client.answerTo(100 + seq)
    t.equal(body.code, ErrorCode.BAD_BODY)
    t.match(body.errmsg, why)
  }
  for (const [seq, data] of ['1e400', '[-1e999]', '{"a":99999999999999999999}', '9'.repeat(5000)].entries()) {
    json.client.sendRaw(`{"cmd":"ROOM-CHAT","seq":${200 + seq},"body":{"rid":${rid},"data":${data}}}`)
    const { body } = await json.client.answerTo(200 + seq)
    t.equal(body.code, ErrorCode.BAD_BODY, data.slice(0, 30))
    t.match(body.errmsg, /^bad body: data: expected numbers of up to 64 bits, got /)
  }
})

t.test('a push of JSON is refused where decoders of other languages would', async t => {
  const { rid, json } = await talk(t)
  const push = (body: string) => gateway.api.push('room', { rid, expire: 0 }, body, { contentType: 'application/json' })
  for (const body of ['1e400', '{"a":["\\ud800"]}', '{"\\udc00":1}', `${'['.repeat(61)}${']'.repeat(61)}`]) {
    t.equal((await push(body)).code, ErrorCode.BAD_PARAMETER, body.slice(0, 20))
  }
  const batch = await gateway.api.call('/im/push/batch', {
    method: 'POST',
    body: `[{"dim":"room","rid":${rid},"expire":0,"data":[1e400]}]`,
    headers: { 'content-type': 'application/json' },
  })
  t.equal(batch.body.list?.[0]?.['code'], ErrorCode.BAD_PARAMETER, 'the same in a batch')
  for (const body of ['1e100', '["\\ud83d\\ude00"]', '{"__proto__":1}', `${'['.repeat(60)}${']'.repeat(60)}`]) {
    t.equal((await push(body)).code, ErrorCode.OK, body.slice(0, 20))
    t.strictSame(toJson((await json.client.next('ROOM-BC')).data), toJson(parseJson(body)))
  }
})

t.test('ids may come as digits, and as floats that are whole', async t => {
  const { rid, json, binary } = await talk(t)
  json.client.sendRaw(`{"cmd":"ROOM-CHAT","seq":1,"body":{"rid":"${rid}","text":"digits"}}`)
  t.equal((await json.client.answerTo(1)).body.code, ErrorCode.OK)
  const digits = Buffer.from(String(rid))
  binary.client.sendRaw(
    frameAround(
      COMMANDS['ROOM-CHAT'],
      2,
      Buffer.concat([
        Buffer.from([0x82, 0xa3, 0x72, 0x69, 0x64, 0xa0 | digits.length]),
        digits,
        packValue({ text: 'b' }).subarray(1),
      ]),
    ),
  )
  t.equal((await binary.client.answerTo(2)).body.code, ErrorCode.OK)
})
