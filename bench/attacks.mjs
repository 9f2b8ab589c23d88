/* What one client may do at its worst: each attack is an endless row of bytes over one connection, which is made again when
 * the gateway ends it. bench/hostile.mjs runs them, each in a process of its own. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import WebSocket from 'ws'
import { Command } from '../dist/protocol/command.js'
import { encodeFrame } from '../dist/protocol/encode.js'
import { Device } from './devices.mjs'

const CHUNK_BYTES = 60_000
const corpus = name => readFileSync(new URL(`../test/fuzz/corpus/${name}`, import.meta.url))

/** As many frames as fit into one write. */
function repeated(make) {
  const frames = []
  for (let bytes = 0, index = 0; bytes < CHUNK_BYTES; index++) {
    const frame = make(index)
    frames.push(frame)
    bytes += frame.length
  }
  return Buffer.concat(frames)
}

let serial = 0
const command = (number, fields) => repeated(index => encodeFrame(number, (index % 1000) + 1, fields(++serial)))
const raw = (number, body) => {
  const frame = Buffer.concat([encodeFrame(number, 1, {}).subarray(0, 12), body])
  frame.writeUInt32BE(frame.length - 4, 0)
  return frame
}
/** The start of a map {rid: 7, data: } around a value that is encoded already. */
const chatAround = value =>
  raw(
    Command.ROOM_CHAT,
    Buffer.concat([Buffer.from([0x82, 0xa3]), Buffer.from('rid'), Buffer.from([7, 0xa4]), Buffer.from('data'), value]),
  )

/** Over raw TCP. @returns the next bytes to say */
const overTcp = { pings: () => command(Command.PING, () => ({})) }
overTcp['member lists'] = ({ gid }) => command(Command.GROUP_USR_LIST, () => ({ gid, num: 0 }))
overTcp['joins and quits'] = () =>
  repeated(index =>
    encodeFrame(index % 2 ? Command.ROOM_QUIT : Command.ROOM_JOIN, 1, { rid: 1_000_000 + (++serial >> 1) }),
  )
overTcp['new rooms'] = () => command(Command.ROOM_CREAT, number => ({ name: 'x', desc: String(number) }))
overTcp['new groups'] = () => command(Command.GROUP_CREAT, number => ({ name: 'x', desc: String(number) }))
overTcp['blocks'] = () => command(Command.BLACKLIST_ADD, number => ({ duid: number }))
overTcp['chats to oneself'] = ({ uid }) => command(Command.CHAT, () => ({ duid: uid, text: 'x'.repeat(100) }))
overTcp['subscriptions'] = () =>
  repeated(index => encodeFrame(index % 2 ? Command.UNSUB : Command.SUB, 1, { cmd: 0x0410 }))
overTcp['deep arrays'] = () => chatAround(corpus('msgpack/deep-arrays'))
overTcp['many empty maps'] = () => chatAround(corpus('msgpack/many-empty-maps').subarray(0, 65_000))
overTcp['unknown commands'] = () => repeated(() => raw(0x7777, Buffer.from([0x80])))

const lines = (cmd, body) => {
  const texts = []
  for (let bytes = 0; bytes < CHUNK_BYTES; )
    bytes += texts.push(JSON.stringify({ cmd, seq: ++serial, body: body(serial) })) && texts.at(-1).length
  return texts.join('\n')
}
/** Over WebSocket, as text. */
const overJson = {
  'JSON pings': () => lines('PING', () => ({})),
  'JSON garbage': () => corpus('dispatch/lines-that-are-none').toString(),
  'JSON long integer': () => corpus('json/long-integer').toString(),
  'JSON deep arrays': () => corpus('json/deep-arrays').toString(),
  'JSON many keys': () => corpus('json/many-keys-with-long-digits').toString(),
  'JSON chats': () => lines('ROOM-CHAT', () => ({ rid: 8, data: { a: [1, 'é', { b: null }] } })),
}

async function floodTcp(given, next) {
  const device = await Device.connect(given)
  await device.signIn(given)
  for (;;) {
    if (device.socket.destroyed) return
    if (!device.socket.write(next(given)))
      await Promise.race([once(device.socket, 'drain').catch(() => undefined), device.closed])
  }
}

async function floodJson({ httpPort, uid, sid, token }, next) {
  const socket = new WebSocket(`ws://127.0.0.1:${httpPort}/im/ws`)
  const closed = new Promise(resolve => {
    socket.on('close', resolve)
  })
  socket.on('error', () => undefined)
  await Promise.race([once(socket, 'open'), closed])
  if (socket.readyState !== WebSocket.OPEN) return
  socket.send(JSON.stringify({ cmd: 'ONLINE', seq: 1, body: { uid, sid, token, app: 'a', version: '1' } }))
  await Promise.race([once(socket, 'message'), closed])
  while (socket.readyState === WebSocket.OPEN) {
    await Promise.race([new Promise(resolve => socket.send(next(), resolve)), closed])
  }
}

/** Comes and goes as fast as it can. */
async function comeAndGo(given) {
  const device = await Device.connect(given)
  await Promise.race([device.signIn(given).catch(() => undefined), device.closed])
  await device.end()
}

async function stalled(given) {
  const device = await Device.connect(given)
  await device.signIn(given)
  device.socket.pause()
  for (;;) {
    if (device.socket.destroyed) return
    const isTaken = device.socket.write(overTcp['member lists'](given))
    if (!isTaken)
      await Promise.race([
        once(device.socket, 'drain').catch(() => undefined),
        device.closed,
        new Promise(resolve => setTimeout(resolve, 5000)),
      ])
    if (!isTaken && device.socket.writableLength > 1 << 20) await Promise.race([device.end(), device.closed])
  }
}

/** @type {Record<string, (given: object) => Promise<void>>} each goes on until its connection ends */
export const attacks = {
  ...Object.fromEntries(Object.entries(overTcp).map(([name, next]) => [name, given => floodTcp(given, next)])),
  'lists, reading nothing': stalled,
  ...Object.fromEntries(Object.entries(overJson).map(([name, next]) => [name, given => floodJson(given, next)])),
  'come and go': comeAndGo,
}

const [, program, name, given] = process.argv
if (program === fileURLToPath(import.meta.url)) {
  const attack = attacks[name]
  for (;;) await attack(JSON.parse(given)).catch(() => new Promise(resolve => setTimeout(resolve, 50)))
}
