/* What reading a client's request and writing JSON cost: microseconds of CPU and bytes allocated for each, the median of
 * some rounds. Run before and after a change of the hot path, in turn:
 * npm run build && node --expose-gc bench/codec.mjs [name] */
import { Command } from '../dist/protocol/command.js'
import { encodeFrame } from '../dist/protocol/encode.js'
import { parseMessage, toJson } from '../dist/protocol/json-format.js'
import { packValue } from '../dist/protocol/msgpack-value.js'
import { readerOf } from '../dist/protocol/requests.js'
import { dispatchBinary, dispatchText } from '../dist/session/dispatch.js'
import { Session, SessionState } from '../dist/session/session.js'

if (globalThis.gc === undefined) throw new Error('run with --expose-gc: what is allocated is measured')
const [wanted = ''] = process.argv.slice(2)
const ROUNDS = 15
const ROUND_MS = 60
/** So few that no collection falls in between. */
const COUNTED = 500

const text = 'x'.repeat(100)
const deep = (word, count) => ({ items: Array.from({ length: count }, (_, id) => ({ id, name: word, tags: [word] })) })
const chat = { rid: 7001, level: 1, text }
const join = packValue({ rid: 2n ** 60n })
const room = readerOf(Command.ROOM_CHAT).reader
const joining = readerOf(Command.ROOM_JOIN).reader

function ofBody(body) {
  const bytes = packValue(body)
  return () => room.binary(bytes, 0, bytes.length)
}

/** A gateway around dispatch that does nothing. */
const block = Buffer.alloc(1 << 20)
const context = {
  options: { frameBytesMax: 65_536 },
  admission: { limits: {}, shedding: { refuses: () => undefined } },
  hub: { send: () => undefined },
  count: { add: () => undefined },
  placement: { homeOf: () => 0 },
  congestion: { pause: () => true },
  bus: { isUp: () => true, congested: () => false, begin: () => 0, end: () => undefined, block },
  onMalformed: () => undefined,
  onDefect(defect) {
    throw defect
  },
}
function online(speaksJson) {
  const session = new Session(1, { listener: 2, write: () => true }, 0)
  session.state = SessionState.ONLINE
  session.speaksJson = speaksJson
  return session
}
const [binary, json] = [online(false), online(true)]
const chatFrame = encodeFrame(Command.ROOM_CHAT, 7, chat)
const chatLine = Buffer.from(JSON.stringify({ cmd: 'ROOM-CHAT', seq: 7, body: chat }))
const said = { uid: 2n ** 60n, rid: 7001, gid: 1, level: 1, time: 1_700_000_000_000, msgid: 123_456, text }
const saidFrame = encodeFrame(Command.ROOM_CHAT, 0, said)
const richFrame = encodeFrame(Command.ROOM_CHAT, 0, { ...said, data: deep('word', 20) })
const pushFrame = encodeFrame(Command.ROOM_BC, 0, {
  rid: 7001,
  msgid: 1,
  level: 0,
  time: 1,
  expire: 0,
  data: Buffer.from(text),
})
const richLine = JSON.stringify({ cmd: 'ROOM-CHAT', seq: 7, body: { ...chat, data: deep('word', 20) } })

const cases = {
  'binary: ROOM-JOIN': () => joining.binary(join, 0, join.length),
  'binary: chat, 100 bytes': ofBody(chat),
  'binary: chat, 100 bytes of Chinese': ofBody({ ...chat, text: '中文'.repeat(17) }),
  'binary: chat, 16,000 bytes': ofBody({ ...chat, text: 'x'.repeat(16_000) }),
  'binary: data, 20 objects': ofBody({ ...chat, data: deep('word', 20) }),
  'binary: data, 20 objects, Chinese': ofBody({ ...chat, data: deep('中文', 20) }),
  'binary: data, 40 texts of 1000': ofBody({ ...chat, data: Array.from({ length: 40 }, () => 'y'.repeat(1000)) }),
  'binary: data, 1000 texts of 20': ofBody({ ...chat, data: Array.from({ length: 1000 }, () => 'z'.repeat(20)) }),
  'dispatch: chat, binary': () => dispatchBinary(context, binary, chatFrame),
  'dispatch: chat, JSON': () => dispatchText(context, json, chatLine),
  'JSON in: data, 20 objects': () => room.json(parseMessage(richLine).body),
  'JSON out: chat, 100 bytes': () => toJson(saidFrame, 0),
  'JSON out: push of a text': () => toJson(pushFrame, 1),
  'JSON out: data, 20 objects': () => toJson(richFrame, 0),
}

const median = list => list.sort((one, other) => one - other)[list.length >> 1]
let sink

function cpuUs() {
  const { user, system } = process.cpuUsage()
  return user + system
}

function microseconds(run) {
  let calls = 0
  const [from, endAt] = [cpuUs(), performance.now() + ROUND_MS]
  while (performance.now() < endAt) {
    for (let i = 0; i < 100; i++) sink = run()
    calls += 100
  }
  return (cpuUs() - from) / calls
}

function bytesAllocated(run) {
  globalThis.gc()
  const before = process.memoryUsage()
  for (let i = 0; i < COUNTED; i++) sink = run()
  const after = process.memoryUsage()
  return (after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers) / COUNTED
}

for (const [name, run] of Object.entries(cases)) {
  if (!name.includes(wanted)) continue
  microseconds(run)
  const us = median(Array.from({ length: ROUNDS }, () => microseconds(run)))
  const bytes = median(Array.from({ length: ROUNDS }, () => bytesAllocated(run)))
  console.log(`${name.padEnd(38)} ${us.toFixed(2).padStart(8)} us ${bytes.toFixed(0).padStart(8)} bytes`)
}
if (sink === undefined) console.log()
