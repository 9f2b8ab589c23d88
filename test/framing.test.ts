import type { Socket } from 'node:net'
import t, { type Test } from 'tap'
import type { WebSocket } from 'ws'
import { type Client, TRANSPORTS } from './support/client.js'
import { isKicked, staysOpen } from './support/closing.js'
import { encodeBinary, encodeJson, frameAround, HEADER_BYTES, packValue } from './support/codec.js'
import { COMMANDS } from './support/commands.js'
import { connectClient, credentialsFor, onlineBody, signIn } from './support/device.js'
import { ErrorCode } from './support/error-codes.js'
import { startGateway } from './support/gateway.js'
import { freshId } from './support/ids.js'
import { chatRoom, joinRoom } from './support/room.js'
import { seededRandom } from './support/seed.js'
import { connectTcp } from './support/tcp-client.js'
import { connectWebSocket } from './support/ws-client.js'

const FRAME_BYTES_MAX = 64 * 1024
const BINARY_TRANSPORTS = ['ws-binary', 'tcp'] as const

const gateway = await startGateway(t)

async function refusesAndCloses(t: Test, client: Client): Promise<void> {
  const error = await client.next('ERROR')
  t.equal(error.code, ErrorCode.BAD_HEADER)
  t.type(error.errmsg, 'string')
  await isKicked(t, client, { code: ErrorCode.BAD_HEADER, retry: 0, closeCode: 4500 })
}

for (const transport of BINARY_TRANSPORTS) {
  t.test(`garbage as the first bytes ends the connection over ${transport}`, async t => {
    const client = await connectClient(t, gateway, transport)
    client.sendRaw(Buffer.from('GET / HTTP/1.1\r\nhost: example.test\r\n\r\n'))
    await refusesAndCloses(t, client)
  })

  for (const [what, length] of [
    ['shorter than a header', 7],
    ['zero', 0],
    ['one byte above the limit', FRAME_BYTES_MAX + 1],
    ['of 4 GiB', 0xffff_ffff],
  ] as const) {
    t.test(`a length ${what} ends the connection over ${transport}`, async t => {
      const { client } = await signIn(t, gateway, { transport })
      client.sendRaw(frameAround(COMMANDS.PING, 1, Buffer.alloc(0), { length }))
      await refusesAndCloses(t, client)
    })
  }

  t.test(`a frame of exactly the limit is read over ${transport}`, async t => {
    const device = await signIn(t, gateway, { transport })
    const rid = freshId()
    await joinRoom(device, rid)
    const body = { uid: device.uid, rid, level: 1, text: '' }
    const overhead = encodeBinary('ROOM-CHAT', 1, { ...body, text: 'x'.repeat(60_000) }).length - 60_000
    const text = 'x'.repeat(FRAME_BYTES_MAX + 4 - overhead)
    const frame = encodeBinary('ROOM-CHAT', 77, { ...body, text })
    t.equal(frame.readUInt32BE(0), FRAME_BYTES_MAX)
    device.client.sendRaw(frame)
    const answer = await device.client.answerTo(77)
    t.equal(answer.cmd, 'ROOM-CHAT-ACK')
    if (answer.body.code === ErrorCode.OK) t.equal((await device.client.next('ROOM-CHAT')).text, text)
    await staysOpen(t, device.client)
  })

  t.test(`flags other than 0 are refused over ${transport}`, async t => {
    const { client } = await signIn(t, gateway, { transport })
    client.sendRaw(encodeBinary('PING', 9, {}, { flags: 1 }))
    const error = await client.next('ERROR')
    t.equal(error.code, ErrorCode.BAD_HEADER)
  })

  t.test(`an unknown command is answered by ERROR with its seq over ${transport}`, async t => {
    const { client } = await signIn(t, gateway, { transport })
    for (const command of [0x0000, 0x0102, 0x0999, 0xffff]) {
      client.sendRaw(frameAround(command, 500 + command, packValue({})))
      const answer = await client.answerTo(500 + command)
      t.equal(answer.cmd, 'ERROR', `command 0x${command.toString(16)}`)
      t.equal(answer.body.code, ErrorCode.BAD_HEADER)
    }
    await staysOpen(t, client)
  })

  t.test(`a body that is not a map is refused with the ACK of its command over ${transport}`, async t => {
    const { client } = await signIn(t, gateway, { transport })
    const payloads: [string, Uint8Array][] = [
      ['an array', packValue([1, 2])],
      ['a number', packValue(7)],
      ['a string', packValue('room')],
      ['nil', packValue(null)],
      ['cut short', packValue({ uid: 1, rid: 2 }).subarray(0, 4)],
      ['a map and more', Buffer.concat([packValue({ uid: 1, rid: 2 }), packValue(1)])],
      ['a map with an impossible length', Buffer.from([0xdf, 0xff, 0xff, 0xff, 0xff])],
      ['a string with an impossible length', Buffer.from([0x81, 0xa3, 0x72, 0x69, 0x64, 0xdb, 0xff, 0xff, 0xff, 0xff])],
      ['a never used byte', Buffer.from([0xc1])],
      [
        'nested too deep',
        Buffer.concat([Buffer.from([0x81, 0xa3, 0x72, 0x69, 0x64]), Buffer.alloc(30_000, 0x91), packValue(1)]),
      ],
      ['with an inline record', Buffer.from([0xd4, 0x72, 0x40, 0x91, 0xa1, 0x61, 0x05])],
    ]
    for (const [index, [what, payload]] of payloads.entries()) {
      client.sendRaw(frameAround(COMMANDS['ROOM-JOIN'], 700 + index, payload))
      const answer = await client.answerTo(700 + index)
      t.equal(answer.cmd, 'ROOM-JOIN-ACK', what)
      t.equal(answer.body.code, ErrorCode.BAD_BODY, what)
    }
    await staysOpen(t, client)
  })

  t.test(`a frame without a body stands for an empty map over ${transport}`, async t => {
    const { client } = await signIn(t, gateway, { transport })
    client.sendRaw(frameAround(COMMANDS.PING, 41, Buffer.alloc(0)))
    t.equal((await client.answerTo(41)).cmd, 'PONG')
  })
}

for (const transport of TRANSPORTS) {
  t.test(`a field that is missing or of the wrong type is refused over ${transport}`, async t => {
    const { client, uid } = await signIn(t, gateway, { transport })
    for (const [cmd, body] of [
      ['ROOM-JOIN', { uid }],
      ['ROOM-JOIN', { uid, rid: 'seven' }],
      ['ROOM-JOIN', { uid, rid: 0 }],
      ['ROOM-JOIN', { uid, rid: -1 }],
      ['ROOM-JOIN', { uid, rid: 1.5 }],
      ['ROOM-JOIN', { uid, rid: null }],
      ['ROOM-JOIN', { uid, rid: [1] }],
      ['CHAT', { suid: uid, level: 1, text: 'x' }],
      ['CHAT', { suid: uid, duid: uid, level: 'high', text: 'x' }],
      ['ROOM-CHAT', { uid, rid: 1, level: 1, text: 7 }],
      ['GROUP-JOIN', { uid, gid: {} }],
      ['SUB', {}],
    ] as const) {
      const ack = await client.request(cmd, body)
      t.equal(ack.code, ErrorCode.BAD_BODY, `${cmd} ${JSON.stringify(body)}`)
    }
    await staysOpen(t, client)
  })

  t.test(`an answer repeats the seq of its request, also the largest over ${transport}`, async t => {
    const { client } = await signIn(t, gateway, { transport })
    for (const seq of [0x7fff_ffff, 0x8000_0000, 0xffff_ffff]) {
      client.sendRaw(client.encode('PING', {}, seq))
      t.equal((await client.answerTo(seq)).cmd, 'PONG')
    }
  })

  t.test(`a message that carries several frames has each of them answered, in order, over ${transport}`, async t => {
    const { client, uid } = await signIn(t, gateway, { transport })
    const rid = freshId()
    const frames = [
      client.encode('PING', {}, 101),
      client.encode('ROOM-JOIN', { uid, rid }, 102),
      client.encode('ROOM-CHAT', { uid, rid, level: 1, text: 'one' }, 103),
      client.encode('ROOM-CHAT', { uid, rid, level: 1, text: 'two' }, 104),
      client.encode('ROOM-QUIT', { uid, rid }, 105),
    ]
    client.sendRaw(transport === 'ws-json' ? frames.join('\n') : Buffer.concat(frames.map(frame => Buffer.from(frame))))
    for (const [seq, cmd] of [
      [101, 'PONG'],
      [102, 'ROOM-JOIN-ACK'],
      [103, 'ROOM-CHAT-ACK'],
      [104, 'ROOM-CHAT-ACK'],
      [105, 'ROOM-QUIT-ACK'],
    ] as const) {
      const answer = await client.answerTo(seq)
      t.equal(answer.cmd, cmd)
      if (cmd !== 'PONG') t.equal(answer.body.code, ErrorCode.OK, `${cmd} succeeds`)
    }
  })

  t.test(`who leaves right after speaking still receives what he said over ${transport}`, async t => {
    const { client, uid } = await signIn(t, gateway, { transport })
    const rid = freshId()
    await client.request('ROOM-JOIN', { uid, rid })
    client.send('ROOM-CHAT', { uid, rid, level: 1, text: 'one' })
    client.send('ROOM-CHAT', { uid, rid, level: 1, text: 'two' })
    const quit = await client.request('ROOM-QUIT', { uid, rid })
    t.equal(quit.code, ErrorCode.OK)
    for (const text of ['one', 'two']) t.equal((await client.next('ROOM-CHAT')).text, text)
  })

  t.test(`requests right behind ONLINE wait for it over ${transport}`, async t => {
    for (let attempt = 0; attempt < 10; attempt += 1) {
      const client = await connectClient(t, gateway, transport)
      const credentials = await credentialsFor(gateway, transport, freshId())
      const online = client.send('ONLINE', onlineBody(credentials))
      const join = client.send('ROOM-JOIN', { uid: credentials.uid, rid: freshId() })
      t.equal((await client.answerTo(online)).body.code, ErrorCode.OK)
      t.equal((await client.answerTo(join)).body.code, ErrorCode.OK)
    }
  })
}

for (const [what, line, why] of [
  ['is no JSON', 'hello', /^bad frame: expected JSON, got other text$/],
  ['is cut short', '{"cmd":"PING","seq":1', /expected JSON/],
  ['is an array', '[1,2]', /expected an object, got an array/],
  ['has no command', '{"seq":1,"body":{}}', /cmd: expected text, got nothing/],
  ['has a command that is no text', '{"cmd":7,"seq":1}', /cmd: expected text, got 7/],
  [
    'has a seq that is none',
    '{"cmd":"PING","seq":[1]}',
    /seq: expected a number or text of up to 64 bytes, got an array/,
  ],
] as const) {
  t.test(`a text message that ${what} is answered and ends nothing`, async t => {
    const client = await connectClient(t, gateway, 'ws-json')
    client.sendRaw(line)
    const error = await client.next('ERROR')
    t.equal(error.code, ErrorCode.BAD_HEADER)
    t.match(error.errmsg, why)
    await staysOpen(t, client)
  })
}

t.test('an unknown command in JSON is answered by ERROR with its seq', async t => {
  const { client } = await signIn(t, gateway, { transport: 'ws-json' })
  for (const [seq, cmd] of [
    [11, 'ROOM-SHOUT'],
    [12, 'room-join'],
    [13, 'ONLINE-ACK'],
    [14, '__proto__'],
    [15, 'constructor'],
  ] as const) {
    client.sendRaw(encodeJson(cmd, seq, {}))
    const answer = await client.answerTo(seq)
    t.equal(answer.cmd, 'ERROR', cmd)
    t.equal(answer.body.code, ErrorCode.BAD_HEADER, cmd)
  }
  await staysOpen(t, client)
})

t.test('a JSON body that is not an object is refused with the ACK of its command', async t => {
  const { client } = await signIn(t, gateway, { transport: 'ws-json' })
  for (const [index, body] of ['[]', '7', '"x"', 'null'].entries()) {
    client.sendRaw(`{"cmd":"ROOM-JOIN","seq":${900 + index},"body":${body}}`)
    const answer = await client.answerTo(900 + index)
    t.equal(answer.cmd, 'ROOM-JOIN-ACK', body)
    t.equal(answer.body.code, ErrorCode.BAD_BODY, body)
  }
})

t.test('a line of text longer than a frame may be is answered, and those around it are read', async t => {
  const { client, uid } = await signIn(t, gateway, { transport: 'ws-json' })
  const long = encodeJson('ROOM-CHAT', 71, { uid, rid: 1, level: 1, text: 'x'.repeat(FRAME_BYTES_MAX) })
  client.sendRaw([encodeJson('PING', 70, {}), long, encodeJson('PING', 72, {})].join('\n'))
  t.equal((await client.answerTo(70)).cmd, 'PONG')
  t.match((await client.next('ERROR')).errmsg, /expected a line of up to 65536 bytes, got 65\d\d\d/)
  t.equal((await client.answerTo(72)).cmd, 'PONG')
})

for (const [what, end] of [
  ['is longer than the engine takes', socket => socket.send('x'.repeat(4 * FRAME_BYTES_MAX + 1))],
  ['is not valid UTF-8', socket => socket.send(Buffer.from([0x22, 0xc3, 0x28, 0x22]), { binary: false })],
  ['has a reserved opcode', socket => tcpOf(socket).write(Buffer.from([0x83, 0x80, 1, 2, 3, 4]))],
  ['has a reserved bit', socket => tcpOf(socket).write(Buffer.from([0xc1, 0x80, 1, 2, 3, 4]))],
] as const satisfies readonly [string, (socket: WebSocket) => void][]) {
  t.test(`the engine ends a WebSocket whose message ${what}, without a KICK`, async t => {
    const credentials = await credentialsFor(gateway, 'ws-json', freshId())
    const { client, socket } = await connectWebSocket('ws-json', credentials.address)
    t.teardown(() => client.destroy())
    t.equal((await client.request('ONLINE', onlineBody(credentials))).code, ErrorCode.OK)
    end(socket)
    t.equal((await client.closed).code, 1006)
    t.strictSame(client.received('KICK'), [])
  })
}

/** The stream under a WebSocket, for bytes that no WebSocket library would send. */
function tcpOf(socket: WebSocket): Socket {
  return (socket as unknown as { _socket: Socket })._socket
}

t.test('text on a session that signed in in binary is refused and ends nothing', async t => {
  const { client } = await signIn(t, gateway, { transport: 'ws-binary' })
  client.sendRaw(encodeJson('PING', 5, {}))
  const error = await client.next('ERROR')
  t.equal(error.code, ErrorCode.BAD_HEADER)
  await staysOpen(t, client)
})

t.test('a binary message on a session that signed in in JSON is refused and ends nothing', async t => {
  const { client } = await signIn(t, gateway, { transport: 'ws-json' })
  client.sendRaw(encodeBinary('PING', 5, {}))
  const error = await client.next('ERROR')
  t.equal(error.code, ErrorCode.BAD_HEADER)
  await staysOpen(t, client)
})

t.test('a binary WebSocket message must hold whole frames', async t => {
  const { client } = await signIn(t, gateway, { transport: 'ws-binary' })
  const frame = encodeBinary('PING', 5, {})
  client.sendRaw(frame.subarray(0, frame.length - 1))
  await refusesAndCloses(t, client)
})

t.test('frames that are longer than a frame may be only together are read', async t => {
  const device = await signIn(t, gateway, { transport: 'ws-binary' })
  const rid = freshId()
  await joinRoom(device, rid)
  const frames = [1, 2, 3].map(index => {
    const text = `${index} ${'x'.repeat(40_000)}`
    return encodeBinary('ROOM-CHAT', 600 + index, { uid: device.uid, rid, level: 1, text })
  })
  device.client.sendRaw(Buffer.concat(frames))
  for (const seq of [601, 602, 603]) t.equal((await device.client.answerTo(seq)).body.code, ErrorCode.OK)
})

t.test('a WebSocket message may come in fragments', async t => {
  for (const transport of ['ws-binary', 'ws-json'] as const) {
    const credentials = await credentialsFor(gateway, transport, freshId())
    const { client, socket } = await connectWebSocket(transport, credentials.address)
    t.teardown(() => client.destroy())
    const message = client.encode('ONLINE', onlineBody(credentials), 21)
    const binary = transport === 'ws-binary'
    const middle = message.length >> 1
    socket.send(message.slice(0, 3), { binary, fin: false })
    socket.send(message.slice(3, middle), { binary, fin: false })
    socket.send(message.slice(middle), { binary, fin: true })
    const answer = await client.answerTo(21)
    t.equal(answer.cmd, 'ONLINE-ACK')
    t.equal(answer.body.code, ErrorCode.OK, transport)
  }
})

/** Writes pieces so that each is a segment of its own: after a turn of the loop its bytes are on their way. */
async function writePieces(socket: { write(bytes: Uint8Array, done: () => void): unknown }, pieces: Uint8Array[]) {
  for (const piece of pieces) {
    await new Promise<void>(resolve => socket.write(piece, resolve))
    await new Promise(resolve => setImmediate(resolve))
  }
}

t.test('a TCP frame is understood wherever it is split', async t => {
  const device = await signIn(t, gateway, { transport: 'tcp' })
  const { client, socket } = await connectTcp(gateway.tcp)
  t.teardown(() => client.destroy())
  const rid = 2n ** 64n - 1n
  t.equal((await client.request('ONLINE', onlineBody(await credentialsFor(gateway, 'tcp', device.uid)))).code, 0)
  await client.request('ROOM-JOIN', { uid: device.uid, rid })
  const length = encodeBinary('ROOM-CHAT', 1, { uid: device.uid, rid, level: 1, text: 'split 000' }).length
  for (let at = 1; at < length; at += 1) {
    const text = `split ${String(at).padStart(3, '0')}`
    const frame = encodeBinary('ROOM-CHAT', 1000 + at, { uid: device.uid, rid, level: 1, text })
    await writePieces(socket, [frame.subarray(0, at), frame.subarray(at)])
    const answer = await client.answerTo(1000 + at)
    if (answer.body.code !== ErrorCode.OK) t.fail(`split at ${at}: ${answer.body.errmsg}`)
    const chat = await client.next('ROOM-CHAT')
    if (chat.text !== text) t.fail(`split at ${at}: ${chat.text}`)
  }
  t.equal(client.received('ROOM-CHAT').length, length - 1, 'every frame came back once')
})

t.test('TCP frames that come byte by byte are understood', async t => {
  const credentials = await credentialsFor(gateway, 'tcp', freshId())
  const { client, socket } = await connectTcp(gateway.tcp)
  t.teardown(() => client.destroy())
  const bytes = Buffer.concat([
    encodeBinary('PING', 2, {}),
    encodeBinary('ONLINE', 1, onlineBody(credentials)),
    encodeBinary('PING', 3, {}),
  ])
  await writePieces(
    socket,
    Array.from(bytes, (_byte, at) => bytes.subarray(at, at + 1)),
  )
  t.equal((await client.answerTo(2)).cmd, 'PONG')
  t.equal((await client.answerTo(1)).body.code, ErrorCode.OK)
  t.equal((await client.answerTo(3)).cmd, 'PONG')
})

t.test('a TCP stream of many frames cut at random places is understood', async t => {
  const random = seededRandom(t)
  const device = await signIn(t, gateway, { transport: 'tcp' })
  const rid = freshId()
  await joinRoom(device, rid)
  const texts = Array.from({ length: 200 }, (_item, index) => `${index} ${'y'.repeat(random.below(700))}`)
  const stream = Buffer.concat(
    texts.map((text, index) => encodeBinary('ROOM-CHAT', 5000 + index, { uid: device.uid, rid, level: 1, text })),
  )
  for (let at = 0; at < stream.length; ) {
    const end = at + 1 + random.below(3000)
    device.client.sendRaw(stream.subarray(at, end))
    if (random.below(2) === 0) await new Promise(resolve => setImmediate(resolve))
    at = end
  }
  for (const text of texts) {
    const chat = await device.client.next('ROOM-CHAT')
    if (chat.text !== text) t.fail(`${chat.text?.slice(0, 10)} instead of ${text.slice(0, 10)}`)
  }
  t.equal(device.client.received('ROOM-CHAT-ACK').length, texts.length, 'every message was acknowledged')
})

t.test('random bytes after sign-in never bring the gateway down', async t => {
  const random = seededRandom(t)
  const witness = await signIn(t, gateway, { transport: 'tcp' })
  for (let round = 0; round < 40; round += 1) {
    const transport = random.pick(BINARY_TRANSPORTS)
    const { client } = await signIn(t, gateway, { transport })
    const command = random.pick(Object.values(COMMANDS))
    const payload = random.bytes(random.below(200))
    client.sendRaw(random.below(2) === 0 ? frameAround(command, round, payload) : random.bytes(HEADER_BYTES + 50))
    client.send('PING')
    client.close()
    await client.closed
  }
  await staysOpen(t, witness.client)
  t.ok(gateway.process.isRunning)
})

t.test('text must be valid UTF-8', async t => {
  for (const transport of BINARY_TRANSPORTS) {
    const device = await signIn(t, gateway, { transport })
    const rid = freshId()
    await joinRoom(device, rid)
    const valid = packValue({ uid: device.uid, rid, level: 1, text: 'ab' })
    const invalid = Buffer.from(valid)
    invalid.set([0xc3, 0x28], valid.length - 2)
    device.client.sendRaw(frameAround(COMMANDS['ROOM-CHAT'], 31, invalid))
    const answer = await device.client.answerTo(31)
    t.equal(answer.cmd, 'ROOM-CHAT-ACK')
    t.equal(answer.body.code, ErrorCode.BAD_BODY, transport)
    const ack = await chatRoom(device, rid, 'żółć 中文 🜁')
    t.equal(ack.code, ErrorCode.OK)
    t.equal((await device.client.next('ROOM-CHAT')).text, 'żółć 中文 🜁')
  }
})
