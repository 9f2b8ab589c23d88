import { Packr } from 'msgpackr'
import t from 'tap'
import { BadBody } from '#dist/protocol/body.js'
import { Command } from '#dist/protocol/command.js'
import { encodeFrame } from '#dist/protocol/encode.js'
import { FrameSplitter } from '#dist/protocol/frame.js'
import { valueToJson } from '#dist/protocol/msgpack-json.js'
import { checkValue, Flaw, skipValue } from '#dist/protocol/msgpack-scan.js'
import { packValue } from '#dist/protocol/msgpack-value.js'
import { readerOf } from '#dist/protocol/requests.js'
import { seededRandom } from '../support/seed.js'

function split(chunks: readonly Buffer[], limit = 65_536): { frames: Buffer[]; sound: boolean } {
  const splitter = new FrameSplitter()
  const frames: Buffer[] = []
  let sound = true
  for (const chunk of chunks) {
    sound &&= splitter.push(chunk, limit, (source, start, end) => {
      frames.push(Buffer.from(source.subarray(start, end)))
      return true
    })
  }
  return { frames, sound }
}

t.test('a stream is cut into the same frames wherever it is split', async t => {
  const sent = [
    encodeFrame(Command.PING, 1),
    encodeFrame(Command.ROOM_CHAT, 2, { rid: 2 ** 40, text: 'x'.repeat(100) }),
    encodeFrame(Command.PING, 3),
  ]
  const stream = Buffer.concat(sent)
  for (let at = 0; at <= stream.length; at++) {
    const { frames, sound } = split([stream.subarray(0, at), stream.subarray(at)])
    if (!sound || !Buffer.concat(frames).equals(stream) || frames.length !== 3) t.fail(`split at ${at}`)
  }
  const { frames } = split(Array.from(stream, byte => Buffer.from([byte])))
  t.strictSame(frames, sent, 'byte by byte')
})

t.test('random cuts of random frames', async t => {
  const random = seededRandom(t)
  for (let round = 0; round < 200; round++) {
    const sent = Array.from({ length: 1 + random.below(20) }, (_, i) =>
      encodeFrame(Command.ROOM_CHAT, i, { rid: 1 + random.below(1e6), text: 'y'.repeat(random.below(3000)) }),
    )
    const stream = Buffer.concat(sent)
    const chunks: Buffer[] = []
    for (let at = 0; at < stream.length; ) {
      const bytes = 1 + random.below(2000)
      chunks.push(stream.subarray(at, at + bytes))
      at += bytes
    }
    const { frames, sound } = split(chunks)
    if (!sound || frames.length !== sent.length || !Buffer.concat(frames).equals(stream)) t.fail(`round ${round}`)
  }
})

t.test('a length that makes no sense ends the stream, wherever it is split', async t => {
  for (const length of [0, 7, 65_537, 0xffff_ffff]) {
    const bad = Buffer.alloc(12)
    bad.writeUInt32BE(length)
    for (let at = 0; at <= 4; at++) t.notOk(split([bad.subarray(0, at), bad.subarray(at)]).sound, `${length} at ${at}`)
  }
})

t.test('a body is read from every form of MessagePack, and ids keep their value', async t => {
  const { reader } = readerOf(Command.ROOM_JOIN)!
  const ids = [1, 127, 128, 255, 65_535, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n]
  for (const rid of ids) {
    const body = packValue({ rid, unknown: [{ deep: 'value' }] })
    t.same(reader.binary(body, 0, body.length), { rid })
    t.same(reader.json({ rid }), { rid })
  }
  const float = new Packr({ useRecords: false }).pack({ rid: 2 ** 40 }) as Buffer
  t.same(reader.binary(float, 0, float.length), { rid: 2 ** 40 }, 'a float that is an integer')
})

t.test('ids of other encoders are read: floats that are whole, int64, digits', async t => {
  const { reader } = readerOf(Command.GROUP_GAG_ADD)!
  for (const [what, bytes, gid] of [
    ['float32', [0xca, 0x42, 0x28, 0, 0], 42],
    ['float64', [0xcb, 0x40, 0x45, 0, 0, 0, 0, 0, 0], 42],
    ['int64', [0xd3, 0, 0, 0, 0, 0, 0, 0, 42], 42],
    ['int64 above 2^53', [0xd3, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], 2n ** 63n - 1n],
    ['digits', [0xa2, 0x34, 0x32], 42],
    ['all digits', [0xb4, ...Buffer.from('18446744073709551615')], 2n ** 64n - 1n],
    ['str8', [0xd9, 2, 0x34, 0x32], 42],
  ] as const) {
    const body = Buffer.from([0x82, 0xa3, 0x67, 0x69, 0x64, ...bytes, 0xa3, 0x75, 0x69, 0x64, 0xca, 0x80, 0, 0, 0])
    t.same(reader.binary(body, 0, body.length), { gid, uid: 0 }, what)
  }
  t.same(reader.json({ gid: '18446744073709551615', uid: '0' }), { gid: 2n ** 64n - 1n, uid: 0 })
  for (const gid of ['', ' 1', '1e3', '0x1', '-1', '1.0', '18446744073709551616', '٣']) {
    t.type(reader.json({ gid }), BadBody, gid)
    const body = packValue({ gid })
    t.type(reader.binary(body, 0, body.length), BadBody, gid)
  }
})

t.test('what is no id is refused, and the answer says what came', async t => {
  const { reader } = readerOf(Command.ROOM_JOIN)!
  for (const [rid, binary, json] of [
    [0, '0', '0'],
    [-1, '-1', '-1'],
    [1.5, '1.5', '1.5'],
    ['one', '"one"', '"one"'],
    [true, 'true', 'true'],
    [[1], 'an array', 'an array'],
    [{ a: 1 }, 'a map', 'an object'],
    [-5n, '-5', '-5'],
    [2n ** 64n, '', '18446744073709551616'],
    ['ab'.repeat(99), `"${'ab'.repeat(20)}..." (198 bytes)`, `"${'ab'.repeat(20)}..." (198 bytes)`],
  ] as const) {
    if (binary !== '') {
      const body = packValue({ rid })
      const read = reader.binary(body, 0, body.length) as BadBody
      t.equal(read.errmsg, `bad body: rid: expected an id, got ${binary}`)
    }
    t.equal((reader.json({ rid }) as BadBody).errmsg, `bad body: rid: expected an id, got ${json}`)
  }
  t.equal((reader.json([]) as BadBody).errmsg, 'bad body: expected an object, got an array')
  t.equal((reader.json({}) as BadBody).errmsg, 'bad body: rid: expected an id, got nothing')
  t.equal((reader.binary(Buffer.from([0x90]), 0, 1) as BadBody).errmsg, 'bad body: expected a map, got an array')
  t.equal((reader.binary(Buffer.alloc(0), 0, 0) as BadBody).errmsg, 'bad body: rid: expected an id, got nothing')
})

t.test('deep nesting and lengths beyond the end are refused', async t => {
  const bad = [
    [0xd4, 0x72],
    [0xc7, 0x02, 0x05, 0x00],
    [0xc9, 0xff, 0xff, 0xff, 0xff, 0x05],
    [0xc1],
    [0x81, 0xc4, 0x01, 0x61],
    [0xdd, 0xff, 0xff, 0xff, 0xff],
    [0xdf, 0xff, 0xff, 0xff, 0xff],
    [0xdb, 0xff, 0xff, 0xff, 0xff],
    [0xcf, 0x00],
    new Array(1000).fill(0x91),
    [0xa5, 0x61],
  ]
  for (const bytes of bad) t.ok(skipValue(Buffer.from(bytes), 0, bytes.length) < 0, bytes.slice(0, 4).join(' '))
})

t.test('extension types and any key pass; what decoders of other languages trip over does not', async t => {
  const timestamp64 = (nanoseconds: number) => {
    const bytes = Buffer.from([0xd7, 0xff, 0, 0, 0, 0, 0, 0, 0, 1])
    bytes.writeUInt32BE(nanoseconds * 4, 2)
    return [...bytes]
  }
  for (const [what, bytes, verdict] of [
    ['an extension type of an application', [0xd4, 0x72, 0x40], 'passes'],
    ['one whose length is counted', [0xc7, 3, 0x7f, 1, 2, 3], 'passes'],
    ['an empty one', [0xc7, 0, 5], 'passes'],
    ['a timestamp of 32 bits', [0xd6, 0xff, 0, 0, 0, 1], 'passes'],
    ['a timestamp of 64 bits', timestamp64(999_999_999), 'passes'],
    ['a timestamp of 96 bits', [0xc7, 12, 0xff, ...new Array(12).fill(0)], 'passes'],
    ['a timestamp of too many nanoseconds', timestamp64(1_000_000_000), Flaw.EXTENSION],
    ['a timestamp of one byte', [0xd4, 0xff, 0], Flaw.EXTENSION],
    ['a reserved extension type', [0xd4, 0x80, 0], Flaw.EXTENSION],
    ['text that is not UTF-8', [0xa2, 0xc3, 0x28], Flaw.TEXT],
    ['half a surrogate pair', [0xa3, 0xed, 0xa0, 0x80], Flaw.TEXT],
    ['a key that is not UTF-8', [0x81, 0xa1, 0xff, 1], Flaw.TEXT],
    ['the same, deep', [0x91, 0x81, 0xa1, 0x61, 0x92, 1, 0xa1, 0xff], Flaw.TEXT],
    ['text that is not UTF-8 behind much ASCII', [0xd9, 71, ...new Array(70).fill(0x61), 0xff], Flaw.TEXT],
    ['all kinds of keys', [0x85, 1, 1, 0xc0, 2, 0xc3, 3, 0x91, 5, 4, 0xc4, 1, 0xff, 5], 'passes'],
  ] as const) {
    const source = Buffer.from(bytes)
    t.equal(checkValue(source, 0, source.length), verdict === 'passes' ? source.length : verdict, what)
    t.equal(skipValue(source, 0, source.length), source.length, `${what}, where it is not passed on`)
  }
})

t.test('JSON clients get what JSON has no form for', async t => {
  for (const [bytes, json] of [
    [[0xd4, 0x05, 0xff], '{"$ext":5,"data64":"/w=="}'],
    [[0xd6, 0xff, 0, 0, 0, 1], '{"$ext":-1,"data64":"AAAAAQ=="}'],
    [[0xc4, 2, 1, 2], '"AQI="'],
    [[0xcb, 0x7f, 0xf0, 0, 0, 0, 0, 0, 0], 'null'],
    [[0xca, 0x7f, 0xc0, 0, 0], 'null'],
    [[0x81, 7, 1], '{"7":1}'],
    [[0x81, 0xff, 1], '{"-1":1}'],
    [[0x81, 0xcf, 255, 255, 255, 255, 255, 255, 255, 255, 1], '{"18446744073709551615":1}'],
    [[0x81, 0xcb, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0, 1], '{"1.5":1}'],
    [[0x82, 0xc0, 1, 0xc2, 2], '{"null":1,"false":2}'],
    [[0x81, 0x92, 1, 0xa1, 0x61, 1], '{"[1,\\"a\\"]":1}'],
    [[0x81, 0xc4, 1, 0xff, 1], '{"/w==":1}'],
    [[0x81, 0xd4, 5, 0, 1], '{"{\\"$ext\\":5,\\"data64\\":\\"AA==\\"}":1}'],
    [[0x81, 0xa9, ...Buffer.from('__proto__'), 0x81, 0xa1, 0x61, 1], '{"__proto__":{"a":1}}'],
  ] as const) {
    const text = valueToJson(Buffer.from(bytes), 0)
    t.equal(text, json)
    JSON.parse(text)
  }
})

t.test('what JSON clients say is packed as it was said, and as other languages read it', async t => {
  const { reader } = readerOf(Command.ROOM_CHAT)!
  const dataOf = (json: string) => {
    const body = reader.json({ rid: 1, data: JSON.parse(json) }) as { data: Buffer }
    return valueToJson(body.data, 0)
  }
  for (const json of [
    '{"__proto__":{"a":1},"constructor":2,"toString":null}',
    '[0,1,127,128,255,256,65535,65536,4294967295,4294967296,9007199254740991]',
    '[-1,-32,-33,-128,-129,-32768,-32769,-2147483648,-2147483649,-9007199254740991]',
    '[0.5,-1e-7,1.7976931348623157e+308,true,false,null,"",[],{}]',
    JSON.stringify(['x'.repeat(31), 'x'.repeat(32), 'x'.repeat(256), 'x'.repeat(70_000), 'żółć 中文 🜁']),
    JSON.stringify(Array.from({ length: 70_000 }, (_, i) => i % 2)),
    JSON.stringify(Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`k${i}`, i]))),
  ]) {
    t.equal(dataOf(json), json, json.slice(0, 60))
  }
  t.equal(dataOf('["\\ud800",{"\\udc00x":"\\ud83d\\ude00"}]'), '["\ufffd",{"\ufffdx":"😀"}]', 'a lone surrogate')
  for (const [data, why] of [
    [Number.POSITIVE_INFINITY, 'expected numbers of up to 64 bits, got one that is larger'],
    [{ a: [Number.NEGATIVE_INFINITY] }, 'expected numbers of up to 64 bits, got one that is larger'],
    [2n ** 64n, 'expected numbers of up to 64 bits, got 18446744073709551616'],
    [-(2n ** 63n) - 1n, 'expected numbers of up to 64 bits, got -9223372036854775809'],
    [JSON.parse(`${'['.repeat(18)}${']'.repeat(18)}`), 'expected at most 16 levels, got more'],
  ] as const) {
    t.equal((reader.json({ rid: 1, data }) as BadBody).errmsg, `bad body: data: ${why}`)
  }
  t.match((reader.json({ rid: 1, data64: '%' }) as BadBody).errmsg, /data64: expected base64, got "%"/)
})

t.test('what random bytes are let through has a JSON form', async t => {
  const random = seededRandom(t)
  let passed = 0
  for (let round = 0; round < 300_000; round++) {
    const bytes = Buffer.from(Array.from({ length: 1 + random.below(24) }, () => random.below(256)))
    if (checkValue(bytes, 0, bytes.length) !== bytes.length) continue
    passed++
    JSON.parse(valueToJson(bytes, 0))
  }
  t.ok(passed > 100, `${passed} were let through`)
})
