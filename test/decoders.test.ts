import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { WebSocket } from 'ws'
import { frameAround, packValue } from './support/codec.js'
import { COMMANDS } from './support/commands.js'
import { eventually } from './support/deadline.js'
import { credentialsFor, onlineBody } from './support/device.js'
import { ErrorCode } from './support/error-codes.js'
import { startGateway } from './support/gateway.js'
import { freshId, type Id } from './support/ids.js'
import { type Random, seededRandom } from './support/seed.js'
import { connectTcp } from './support/tcp-client.js'
import { connectWebSocket } from './support/ws-client.js'

/* Whatever clients and app servers say, every frame and every line that goes out is decoded by strict decoders of other
 * languages, and they read the same in it. */

const ROUNDS = 3000
const LAST = 'this is the last of them'
const gateway = await startGateway(t, { env: { IMGATE_WORKERS: '2' } })

/** A text of every kind of characters, or bytes that are none. */
function anyText(random: Random, isSound: boolean): Buffer {
  const pieces = ['a', '"', '\\', '\n', '\0', '\u007f', '\u2028', 'ż', '中文', '😀', '__proto__', '\ufeff', '</script>']
  const text = Buffer.from(Array.from({ length: random.below(6) }, () => random.pick(pieces)).join(''))
  return isSound ? text : Buffer.concat([text, random.bytes(2)])
}

/** One value of MessagePack in any of its forms; seldom one that is refused. */
function anyPacked(random: Random, depth = 0): Buffer {
  const header = (type: number, ...bytes: number[]) => Buffer.from([type, ...bytes])
  const isSound = random.below(200) > 0
  switch (random.below(depth > 3 ? 8 : 11)) {
    case 0:
      return header(random.pick([0x00, 0x7f, 0xe0, 0xff, 0xc0, 0xc2, 0xc3]))
    case 1: {
      const width = random.below(4)
      return Buffer.concat([header(random.pick([0xcc, 0xd0]) + width), random.bytes(1 << width)])
    }
    case 2:
      return Buffer.concat([header(0xca), random.bytes(4)])
    case 3:
      return Buffer.concat([header(0xcb), random.bytes(8)])
    case 4: {
      const bytes = random.bytes(random.below(20))
      return Buffer.concat([header(0xc4, bytes.length), bytes])
    }
    case 5:
      return Buffer.concat([header(0xc7, 5, isSound ? random.below(128) : random.below(256)), random.bytes(5)])
    case 6:
      return Buffer.concat([header(0xd6, 0xff), random.bytes(4)])
    case 7: {
      const text = anyText(random, isSound)
      return Buffer.concat([header(0xd9, text.length), text])
    }
    case 8: {
      const items = Array.from({ length: random.below(5) }, () => anyPacked(random, depth + 1))
      return Buffer.concat([header(0xdc, 0, items.length), ...items])
    }
    default: {
      const pairs = random.below(4)
      return Buffer.concat([
        header(0x80 | pairs),
        ...Array.from({ length: pairs * 2 }, () => anyPacked(random, depth + 1)),
      ])
    }
  }
}

/** One value of JSON as people write it. */
function anyJson(random: Random, depth = 0): string {
  const escapes = ['\\ud83d\\ude00', '\\ud800', '\\udc00', '\\u0000', '\\n', '\\/', 'ż', '中', '😀', '"x', '__proto__']
  const text = () =>
    `"${Array.from({ length: random.below(4) }, () => random.pick(escapes).replace('"', '\\"')).join('')}"`
  const numbers = ['0', '-0', '1', '-1', '1.5', '1e100', '1E-300', '4294967296', '9007199254740993', '0.1', '1e400']
  numbers.push('18446744073709551615', '-9223372036854775808', '1e21', '123456789012345678', '5e-324')
  switch (random.below(depth > 3 ? 4 : 6)) {
    case 0:
      return random.pick(['null', 'true', 'false'])
    case 1:
      return random.below(50) === 0 ? '99999999999999999999' : random.pick(numbers)
    case 2:
    case 3:
      return text()
    case 4:
      return `[ ${Array.from({ length: random.below(4) }, () => anyJson(random, depth + 1)).join(' , ')} ]`
    default:
      return `{${Array.from({ length: random.below(4) }, () => `${text()} :\n ${anyJson(random, depth + 1)}`).join(',')}}`
  }
}

interface Member {
  /** What came, as it came: a letter, the length, the bytes. */
  readonly records: Buffer[]
  send(bytes: Uint8Array | string): void
}

function record(letter: string, bytes: Buffer): Buffer {
  const head = Buffer.alloc(5)
  head.write(letter)
  head.writeUInt32BE(bytes.length, 1)
  return Buffer.concat([head, bytes])
}

/** Takes the whole frames off the front. */
function framesOf(stream: Buffer): { frames: Buffer[]; rest: Buffer } {
  const frames: Buffer[] = []
  let at = 0
  while (stream.length - at >= 4 && stream.length - at >= 4 + stream.readUInt32BE(at)) {
    const end = at + 4 + stream.readUInt32BE(at)
    frames.push(record('B', stream.subarray(at, end)))
    at = end
  }
  return { frames, rest: stream.subarray(at) }
}

/** Signs in and joins the room; from then on nothing here decodes what comes. */
async function member(t: Test, transport: 'ws-json' | 'ws-binary' | 'tcp', rid: Id, more: object): Promise<Member> {
  const credentials = await credentialsFor(gateway, transport, freshId())
  const connection =
    transport === 'tcp' ? await connectTcp(credentials.address) : await connectWebSocket(transport, credentials.address)
  const { client } = connection
  t.teardown(() => client.destroy())
  t.equal((await client.request('ONLINE', { ...onlineBody(credentials), ...more })).code, ErrorCode.OK)
  t.equal((await client.request('ROOM-JOIN', { rid })).code, ErrorCode.OK)
  const records: Buffer[] = []
  if (transport === 'tcp') {
    const socket = connection.socket as Socket
    let rest: Buffer = Buffer.alloc(0)
    socket.removeAllListeners('data')
    socket.on('data', (chunk: Buffer) => {
      const taken = framesOf(Buffer.concat([rest, chunk]))
      records.push(...taken.frames)
      rest = taken.rest
    })
  } else {
    const socket = connection.socket as WebSocket
    socket.removeAllListeners('message')
    socket.on('message', (message: Buffer, isBinary) => {
      if (isBinary) records.push(...framesOf(message).frames)
      else
        for (const line of message.toString('latin1').split('\n'))
          records.push(record('J', Buffer.from(line, 'latin1')))
    })
  }
  return { records, send: bytes => client.sendRaw(bytes) }
}

/** @returns a line for each record */
function decoded(t: Test, command: string, args: readonly string[], input: Buffer): string[] {
  const { status, stdout, stderr } = spawnSync(command, args, { input, maxBuffer: 1 << 30, encoding: 'utf8' })
  t.equal(status, 0, `${command} ended well ${stderr.slice(0, 500)}`)
  return stdout.trimEnd().split('\n')
}

function compiled(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'imgate-decoders-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const program = join(folder, 'decode')
  const sources = ['test/decoders/decode.cpp', 'native-bench/src/json.cpp', 'native-bench/src/msgpack.cpp']
  const { status, stderr } = spawnSync('g++', ['-std=c++20', '-O1', '-o', program, ...sources], { encoding: 'utf8' })
  t.equal(status, 0, `decode.cpp compiles ${stderr}`)
  return program
}

function isThere(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0
}

const missing = ['g++', 'python3'].filter(program => !isThere(program))
const skip = missing.length > 0 && process.env['CI'] !== 'true' && `${missing.join(' ')}: npm test -- --install`

t.test('decoders of other languages take every frame that goes out, and read the same in it', { skip }, async t => {
  const random = seededRandom(t)
  const rid = freshId()
  const [json, textIds, binary, tcp] = [
    await member(t, 'ws-json', rid, {}),
    await member(t, 'ws-json', rid, { ids: 'text' }),
    await member(t, 'ws-binary', rid, {}),
    await member(t, 'tcp', rid, {}),
  ]
  const members = [json, textIds, binary, tcp]
  const place = packValue({ rid, data: 0 }).subarray(0, -1)
  for (let round = 0; round < ROUNDS; round += 1) {
    const packed = Buffer.concat([place, anyPacked(random)])
    random.pick([binary, tcp]).send(frameAround(COMMANDS['ROOM-CHAT'], round, packed))
    const line = `{"cmd":"ROOM-CHAT","seq":${anyJson(random, 4)},"body":{"rid":${rid},"data":${anyJson(random)},"text":"x"}}`
    random.pick([json, textIds]).send(line.replaceAll('\n', ' '))
    if (round % 10 === 0) {
      random
        .pick([binary, tcp])
        .send(frameAround(random.pick(Object.values(COMMANDS).slice(8)), round, anyPacked(random)))
      random.pick([json, textIds]).send(random.pick(['{', `[${anyJson(random)}]`, `{"cmd":${anyJson(random)}}`]))
      const contentType = random.pick(['application/json', 'text/plain', 'application/octet-stream'])
      await gateway.api.push('room', { rid, expire: 0 }, anyJson(random), { contentType })
      await gateway.api.push('room', { rid, expire: 0 }, Buffer.concat([Buffer.from('x'), random.bytes(20)]), {})
    }
  }
  json.send(JSON.stringify({ cmd: 'ROOM-CHAT', seq: 1, body: { rid, text: LAST } }))
  await eventually(
    async () => members.filter(({ records }) => records.some(one => one.includes(LAST))).length,
    count => count === members.length,
    'the last message at every member',
    60_000,
  )
  const records = members.flatMap(one => one.records)
  const input = Buffer.concat(records)
  const [python, cpp] = [decoded(t, 'python3', ['test/decoders/decode.py'], input), decoded(t, compiled(t), [], input)]
  t.equal(python.length, records.length, `${records.length} frames and lines`)
  t.ok(records.length > ROUNDS * 4, 'most of what was said went out')
  let wrong = 0
  for (const [index, line] of python.entries()) {
    if (!line.startsWith('ERROR') && line === cpp[index]) continue
    wrong += 1
    if (wrong <= 5)
      t.fail(
        `${line.slice(0, 300)} / ${cpp[index]?.slice(0, 300)} / ${records[index]!.toString('latin1').slice(0, 300)}`,
      )
  }
  t.equal(wrong, 0, 'every one was read, by both in the same way')
})
