/* A client of the gateway in binary over WebSocket. Lines of standard input go to the room; its end signs out.
 *
 *   node examples/node-client.mjs NAME ROOM [http://127.0.0.1:3000/]
 *
 * docs/protocol.md has the commands. A frame, big-endian:
 *   0         4          6        8      12
 *   | length  | command  | flags  | seq  | MessagePack map ...     length counts what follows it */
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { Packr } from 'msgpackr'
import { WebSocket } from 'ws'

const ONLINE = 0x0101
const ONLINE_ACK = 0x0102
const OFFLINE = 0x0103
const PING = 0x0105
const KICK = 0x0110
const ROOM_JOIN = 0x0405
const ROOM_JOIN_ACK = 0x0406
const ROOM_CHAT = 0x040b
const ROOM_BC = 0x040d

const HEADER_BYTES = 12
const LENGTH_BYTES = 4

const [name = 'bob', room = '42', appServer = 'http://127.0.0.1:3000/'] = process.argv.slice(2)
/** A bigint: msgpackr would write a number above 2^32 as a float, which no id may be. */
const rid = BigInt(room)

/** Plain maps, and integers above 2^53 - 1 as bigints. */
const packr = new Packr({ useRecords: false, int64AsType: 'auto' })

/** How to wait while the app server has not said it yet. */
let backoff = { base: 1000, factor: 2, max: 60_000, jitter: 0.5 }
let failures = 0
let socket
let seq = 0
let isLeaving = false

function send(command, body) {
  const payload = body === undefined ? Buffer.alloc(0) : packr.pack(body)
  const frame = Buffer.alloc(HEADER_BYTES + payload.length)
  frame.writeUInt32BE(frame.length - LENGTH_BYTES, 0)
  frame.writeUInt16BE(command, 4)
  frame.writeUInt32BE(++seq, 8)
  payload.copy(frame, HEADER_BYTES)
  socket.send(frame)
}

/** The frames of one message: a binary WebSocket message carries one or more, and whole ones. */
function* framesOf(message) {
  for (let start = 0; start < message.length; ) {
    const end = start + LENGTH_BYTES + message.readUInt32BE(start)
    const payload = message.subarray(start + HEADER_BYTES, end)
    yield { command: message.readUInt16BE(start + 4), body: payload.length === 0 ? {} : packr.unpack(payload) }
    start = end
  }
}

/** Fetches a token, connects, and resolves when the connection is over. @returns what a KICK said, if there was one */
async function connectOnce() {
  const url = new URL(`/login?${new URLSearchParams({ name, type: 2 })}`, appServer)
  const reply = await fetch(url, { method: 'POST' })
  if (!reply.ok) throw new Error(await reply.text())
  const login = await reply.json()
  backoff = login.backoff
  let kick
  let pings
  let isAlive = true

  const onFrame = ({ command, body }) => {
    if (body.code) console.log(`0x${command.toString(16)}: ${body.code} ${body.errmsg}`)
    if (command === KICK) kick = body
    if (command === ROOM_CHAT) console.log(`${body.uid}: ${body.text}`)
    if (command === ROOM_BC) console.log(`push: ${body.data}`)
    if (command === ROOM_JOIN_ACK && body.code === 0) console.log(`joined room ${rid} as user ${login.uid}`)
    if (command !== ONLINE_ACK || body.code !== 0) return
    failures = 0
    send(ROOM_JOIN, { rid })
    pings = setInterval(() => {
      // Whoever is silent for three heartbeats is closed, and a gateway that does not answer a PING is gone.
      if (!isAlive) return socket.terminate()
      isAlive = false
      send(PING)
    }, body.heartbeat * 1000)
  }

  socket = new WebSocket(`ws://${login.iplist[0]}/im/ws`)
  socket.on('open', () => {
    const { token } = login
    send(ONLINE, { uid: BigInt(login.uid), sid: BigInt(login.sid), token, app: 'example-node', version: '1.0' })
  })
  socket.on('message', message => {
    isAlive = true
    for (const frame of framesOf(message)) onFrame(frame)
  })
  socket.on('error', error => console.log(error.message))
  const code = await new Promise(resolve => socket.once('close', resolve))
  clearInterval(pings)
  // 4500 to 4999 mean the same as a KICK without retry.
  return kick ?? (code >= 4500 ? { retry: 0 } : undefined)
}

async function stayConnected() {
  while (!isLeaving) {
    let kick
    try {
      kick = await connectOnce()
    } catch (error) {
      console.log(error.message)
    }
    if (isLeaving) return
    if (kick && !kick.retry) process.exit(1)
    // Give or take a share by chance, so that not all devices come back in the same second.
    const { base, factor, max, jitter } = backoff
    const share = 1 + jitter * (2 * Math.random() - 1)
    const afterMs = Math.max(kick?.after ?? 0, Math.min(max, base * factor ** failures++) * share)
    console.log(`connecting again in ${Math.round(afterMs)} ms`)
    await wait(afterMs)
  }
}

const lines = createInterface({ input: process.stdin })
lines.on('line', text => {
  if (socket?.readyState === WebSocket.OPEN) send(ROOM_CHAT, { rid, text })
})
lines.on('close', () => {
  isLeaving = true
  if (socket?.readyState !== WebSocket.OPEN) process.exit()
  // The gateway closes the connection after its answer.
  send(OFFLINE)
})
await stayConnected()
