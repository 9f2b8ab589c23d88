import type { Socket } from 'node:net'
import t from 'tap'
import type { WebSocket } from 'ws'
import { type Client, TRANSPORTS } from './support/client.js'
import { isKicked, staysOpen } from './support/closing.js'
import { encodeBinary, frameAround, packValue } from './support/codec.js'
import { COMMANDS } from './support/commands.js'
import { eventually } from './support/deadline.js'
import { connectClient, credentialsFor, onlineBody, signIn } from './support/device.js'
import { ErrorCode } from './support/error-codes.js'
import { startGateway } from './support/gateway.js'
import { createGroup } from './support/group.js'
import { freshId } from './support/ids.js'
import { joinRoom } from './support/room.js'
import { connectTcp } from './support/tcp-client.js'
import { connectWebSocket } from './support/ws-client.js'

/* What clients of other habits say is understood, or answered so that their author knows what to change. */

const HEARTBEAT_MS = 500
const SILENT_MS = 3 * HEARTBEAT_MS

const gateway = await startGateway(t, { env: { IMGATE_WORKERS: '2' } })

t.test('the seq of a JSON request is any number, a text or none, and comes back as it was', async t => {
  const { client, socket } = await connectWebSocket('ws-json', gateway.http)
  t.teardown(() => client.destroy())
  const lines: string[] = []
  socket.on('message', message => lines.push(...String(message).split('\n')))
  const seqs = ['0', '7', '-1', '1.5', '4294967295', '4294967296', '18446744073709551615', '"abc"', '""', 'null']
  seqs.push(JSON.stringify('é'.repeat(32)), '"\\"quoted\\"\\n"', '2147483647', '2147483648')
  for (const seq of seqs) client.sendRaw(`{"cmd":"PING","seq":${seq}}`)
  client.sendRaw('{"cmd":"PING"}')
  client.sendRaw('{"cmd":"ROOM-JOIN","seq":"not signed in","body":{"rid":1}}')
  client.sendRaw('{"cmd":"NO-SUCH","seq":"unknown"}')
  client.sendRaw('{"seq":"no cmd"}')
  client.sendRaw('{"cmd":"PING","seq":8}')
  await client.answerTo(8)
  t.strictSame(
    lines.slice(0, seqs.length),
    seqs.map(seq => `{"cmd":"PONG","seq":${seq},"body":{}}`),
  )
  t.equal(lines[seqs.length], '{"cmd":"PONG","body":{}}', 'none')
  for (const [index, seq] of ['not signed in', 'unknown', 'no cmd'].entries()) {
    t.match(lines[seqs.length + 1 + index], `"seq":"${seq}",`)
  }
  client.sendRaw(`{"cmd":"PING","seq":"${'x'.repeat(65)}"}`)
  t.match((await client.next('ERROR', ({ errmsg }) => errmsg!.includes('seq: expected'))).errmsg, /\(65 bytes\)/)
})

t.test('a seq that is kept stands for itself through rooms and other workers, however many there are', async t => {
  const device = await signIn(t, gateway, { transport: 'ws-json' })
  const rids = Array.from({ length: 8 }, () => freshId())
  for (const rid of rids) {
    device.client.sendRaw(`{"cmd":"ROOM-JOIN","seq":"join ${rid}","body":{"rid":${rid}}}`)
    device.client.sendRaw(`{"cmd":"ROOM-CHAT","seq":"chat ${rid}","body":{"rid":${rid},"text":"x"}}`)
  }
  for (const rid of rids) {
    t.equal((await device.client.answerTo(`join ${rid}`)).cmd, 'ROOM-JOIN-ACK')
    const answer = await device.client.answerTo(`chat ${rid}`)
    t.equal(answer.cmd, 'ROOM-CHAT-ACK')
    t.equal(answer.body.rid, rid)
  }
  for (let index = 0; index < 3000; index += 1) device.client.sendRaw(`{"cmd":"PING","seq":"many ${index}"}`)
  t.equal((await device.client.answerTo('many 2999')).cmd, 'PONG')
})

for (const transport of TRANSPORTS) {
  t.test(`20011 says which field, what was expected and what came over ${transport}`, async t => {
    const { client } = await signIn(t, gateway, { transport })
    for (const [cmd, body, errmsg] of [
      ['ROOM-JOIN', { rid: 'x' }, 'bad body: rid: expected an id, got "x"'],
      ['ROOM-JOIN', {}, 'bad body: rid: expected an id, got nothing'],
      ['ROOM-JOIN', { rid: -1 }, 'bad body: rid: expected an id, got -1'],
      ['GROUP-GAG-ADD', { gid: 1, uid: 'all' }, 'bad body: uid: expected an id or 0, got "all"'],
      ['ROOM-CHAT', { rid: 1, text: 7 }, 'bad body: text: expected text in UTF-8, got 7'],
      ['ROOM-CHAT', { rid: 1, level: 'high' }, 'bad body: level: expected an integer of 0..4294967295, got "high"'],
      ['GROUP-CREAT', { name: [] }, 'bad body: name: expected text of up to 256 bytes, got an array'],
      [
        'GROUP-CREAT',
        { name: 'n'.repeat(257) },
        `bad body: name: expected text of up to 256 bytes, got "${'n'.repeat(40)}..." (257 bytes)`,
      ],
    ] as const) {
      const ack = await client.request(cmd, body)
      t.equal(ack.code, ErrorCode.BAD_BODY)
      t.equal(ack.errmsg, errmsg)
    }
    await staysOpen(t, client)
  })

  t.test(`a chat without text and data is refused over ${transport}`, async t => {
    const device = await signIn(t, gateway, { transport })
    const rid = freshId()
    await joinRoom(device, rid)
    const gid = await createGroup(device)
    for (const [cmd, body] of [
      ['CHAT', { duid: device.uid, level: 1 }],
      ['GROUP-CHAT', { gid }],
      ['ROOM-CHAT', { rid }],
    ] as const) {
      const ack = await device.client.request(cmd, body)
      t.equal(ack.code, ErrorCode.BAD_BODY, cmd)
      t.equal(ack.errmsg, 'bad body: text: expected text or data, got neither')
    }
    t.equal((await device.client.request('ROOM-CHAT', { rid, data: null })).code, ErrorCode.OK, 'data that is null')
    t.equal((await device.client.request('ROOM-CHAT', { rid, text: '' })).code, ErrorCode.OK, 'text that is empty')
  })
}

t.test('an unknown binary command or flag is answered with what came', async t => {
  const { client } = await signIn(t, gateway, { transport: 'tcp' })
  client.sendRaw(frameAround(0x0999, 11, packValue({})))
  t.equal((await client.answerTo(11)).body.errmsg, 'bad frame: command: expected a request, got 0x0999')
  client.sendRaw(frameAround(COMMANDS.PING, 12, packValue({}), { flags: 1 }))
  t.equal((await client.answerTo(12)).body.errmsg, 'bad frame: flags: expected 0, got 1')
})

t.test('what could not be read is counted', async t => {
  const own = await startGateway(t)
  const { client } = await connectWebSocket('ws-json', own.http)
  t.teardown(() => client.destroy())
  const device = await signIn(t, own, { transport: 'tcp' })
  for (const line of ['no JSON', '{"seq":1}', '{"cmd":"NO-SUCH"}', '{"cmd":"ONLINE","body":{"uid":"x"}}']) {
    client.sendRaw(line)
  }
  client.sendRaw('{"cmd":"PING","seq":9}')
  await client.answerTo(9)
  await device.client.request('ROOM-JOIN', { rid: 'x' })
  await device.client.request('ROOM-CHAT', { rid: 1 })
  const { text } = await own.api.call('/metrics')
  const rows = [...text.matchAll(/^imgate_requests_malformed_total\{[^}]*\} (\d+)$/gm)]
  t.equal(
    rows.reduce((sum, [, value]) => sum + Number(value), 0),
    6,
  )
})

t.test('too much before the answer to ONLINE ends the connection, and the client may come back', async t => {
  const credentials = await credentialsFor(gateway, 'tcp', freshId())
  const { client } = await connectTcp(gateway.tcp)
  t.teardown(() => client.destroy())
  const online = encodeBinary('ONLINE', 1, onlineBody(credentials))
  const chat = encodeBinary('ROOM-CHAT', 2, { rid: 1, text: 'x'.repeat(60_000) })
  client.sendRaw(Buffer.concat([online, ...Array.from({ length: 6 }, () => chat)]))
  // It may have been quick enough to take all of it.
  const answer = await client.answerTo(1).then(
    ({ cmd }) => cmd,
    () => 'closed',
  )
  if (answer === 'closed') await isKicked(t, client, { code: ErrorCode.BUSY, retry: 1, closeCode: 4005 })
  else t.equal(answer, 'ONLINE-ACK')
})

const short = await startGateway(t, {
  env: { IMGATE_HEARTBEAT_MS: String(HEARTBEAT_MS), IMGATE_LOGIN_TIMEOUT_MS: '20000' },
})

/** Does something again and again until the time of `silences` has passed. */
async function during(silences: number, act: () => void): Promise<void> {
  const endAt = performance.now() + silences * SILENT_MS
  await eventually(
    async () => {
      act()
      return performance.now()
    },
    at => at > endAt,
    'the clock',
    20_000,
  )
}

const KEEP_ALIVES: readonly [string, (socket: WebSocket) => void][] = [
  ['an empty text message', socket => socket.send('')],
  ['a blank text message', socket => socket.send(' \r\n')],
  ['the text ping', socket => socket.send('ping')],
  ['a WebSocket ping', socket => socket.ping()],
  ['a WebSocket pong that nobody asked for', socket => socket.pong()],
]

t.test('what other clients keep a connection alive with is a sign of life, and is not answered', async t => {
  const all: { what: string; client: Client; keepAlive: () => void }[] = []
  for (const [what, act] of KEEP_ALIVES) {
    for (const transport of ['ws-json', 'ws-binary'] as const) {
      const credentials = await credentialsFor(short, transport, freshId())
      const { client, socket } = await connectWebSocket(transport, credentials.address)
      t.teardown(() => client.destroy())
      t.equal((await client.request('ONLINE', onlineBody(credentials))).code, ErrorCode.OK)
      all.push({ what: `${what} over ${transport}`, client, keepAlive: () => act(socket) })
    }
  }
  await during(2, () => {
    for (const { keepAlive } of all) keepAlive()
  })
  for (const { what, client } of all) {
    t.equal((await client.answer('PING')).cmd, 'PONG', what)
    t.strictSame(
      client.inbox.arrivals.map(({ cmd }) => cmd),
      ['ONLINE-ACK', 'PONG'],
    )
  }
})

t.test('a TCP frame that gets whole within the silence limit keeps the client, one that does not ends it', async t => {
  const slow = async () => {
    const credentials = await credentialsFor(short, 'tcp', freshId())
    const connection = await connectTcp(credentials.address)
    t.teardown(() => connection.client.destroy())
    t.equal((await connection.client.request('ONLINE', onlineBody(credentials))).code, ErrorCode.OK)
    return connection
  }
  const [patient, dribbling] = [await slow(), await slow()]
  const frame = encodeBinary('ROOM-CHAT', 5, { rid: 1, text: 'x'.repeat(2000) })
  let at = 0
  const write = (socket: Socket, bytes: number) => {
    socket.write(frame.subarray(at, at + bytes))
  }
  // Six tenths of the limit in silence, then the frame for six tenths: at no moment silent for long.
  await during(0.6, () => undefined)
  await during(0.6, () => {
    write(patient.socket, 1)
    dribbling.socket.write(frame.subarray(at, at + 1))
    at += 1
  })
  write(patient.socket, frame.length)
  t.equal((await patient.client.answerTo(5)).cmd, 'ROOM-CHAT-ACK')
  await during(1, () => {
    dribbling.socket.write(frame.subarray(at, at + 1))
    at += 1
  })
  await isKicked(t, dribbling.client, { code: ErrorCode.NOT_SIGNED_IN, retry: 1, closeCode: 4002 })
})

t.test('with pingIntervalMs the gateway pings WebSockets, and their pongs are signs of life', async t => {
  const pinging = await startGateway(t, {
    env: { IMGATE_HEARTBEAT_MS: String(HEARTBEAT_MS), IMGATE_PING_INTERVAL_MS: String(HEARTBEAT_MS / 2) },
  })
  const credentials = await credentialsFor(pinging, 'ws-json', freshId())
  const { client, socket } = await connectWebSocket('ws-json', credentials.address)
  t.teardown(() => client.destroy())
  let pings = 0
  socket.on('ping', () => {
    pings += 1
  })
  t.equal((await client.request('ONLINE', onlineBody(credentials))).code, ErrorCode.OK)
  const tcp = await signIn(t, pinging, { transport: 'tcp' })
  await during(2, () => undefined)
  await staysOpen(t, client)
  t.ok(pings > 2, `${pings} pings`)
  await isKicked(t, tcp.client, { code: ErrorCode.NOT_SIGNED_IN, retry: 1, closeCode: 4002 })
  const quiet = await connectClient(t, short, 'ws-binary')
  await staysOpen(t, quiet)
})
