import { Packr } from 'msgpackr'
import t from 'tap'
import { Command } from '#dist/protocol/command.js'
import { encodeFrame } from '#dist/protocol/encode.js'
import { FrameSplitter } from '#dist/protocol/frame.js'
import { skipValue } from '#dist/protocol/msgpack-scan.js'
import { packValue, unpackValue } from '#dist/protocol/msgpack-value.js'
import { readerOf } from '#dist/protocol/requests.js'
import { stringify } from '#dist/util/json.js'
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

t.test('what is no id is refused', async t => {
  const { reader } = readerOf(Command.ROOM_JOIN)!
  for (const rid of [0, -1, 1.5, 'one', null, true, [1], { a: 1 }, 2n ** 64n, -5n]) {
    if (typeof rid !== 'bigint' || rid < 2n ** 63n) {
      const body = packValue({ rid })
      t.equal(reader.binary(body, 0, body.length), undefined, `binary ${String(rid)}`)
    }
    t.equal(reader.json({ rid }), undefined, `json ${String(rid)}`)
  }
  t.equal(reader.json([]), undefined)
  t.equal(reader.binary(Buffer.from([0x90]), 0, 1), undefined, 'an array')
  t.equal(reader.binary(Buffer.alloc(0), 0, 0), undefined, 'nothing')
})

t.test('extension types, deep nesting and lengths beyond the end are refused before decoding', async t => {
  const bad = [
    [0xd4, 0x72, 0x40],
    [0xc7, 0x01, 0x05, 0x00],
    [0xc1],
    [0x81, 0x80, 0x01],
    [0x81, 0xc0, 0x01],
    [0x81, 0xc4, 0x01, 0x61, 0x01],
    [0xdd, 0xff, 0xff, 0xff, 0xff],
    [0xdb, 0xff, 0xff, 0xff, 0xff],
    [0xcf, 0x00],
    new Array(1000).fill(0x91),
    [0xa5, 0x61],
  ]
  for (const bytes of bad) t.equal(skipValue(Buffer.from(bytes), 0, bytes.length), -1, bytes.slice(0, 4).join(' '))
})

t.test('what random bytes are let through can be decoded', async t => {
  const random = seededRandom(t)
  let passed = 0
  for (let round = 0; round < 300_000; round++) {
    const bytes = Buffer.from(Array.from({ length: 1 + random.below(24) }, () => random.below(256)))
    if (skipValue(bytes, 0, bytes.length) !== bytes.length) continue
    passed++
    stringify(unpackValue(bytes, 0, bytes.length))
  }
  t.ok(passed > 100, `${passed} were let through`)
})
