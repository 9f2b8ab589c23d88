// A device over raw TCP that has signed in and sends commands about one id each, one by one or many at once.
import { once } from 'node:events'
import { request } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { pack, unpack } from 'msgpackr'
import { authorization } from '../servers.mjs'

const HEADER_BYTES = 12
const LENGTH_BYTES = 4
const LISTENER_TCP = 1
const BUSY = 10009
const BUSY_PAUSE_MS = 5

const ONLINE = 0x0101
export const Join = {
  ROOM: { command: 0x0405, field: 'rid' },
  ROOM_QUIT: { command: 0x0407, field: 'rid' },
  GROUP: { command: 0x0305, field: 'gid' },
}

/** GET, over a connection that stays. @returns the reply */
export async function get(agent, address, path) {
  const [response] = await once(
    request(`http://${address}${path}`, { agent, headers: authorization }).end(),
    'response',
  )
  const parts = []
  for await (const part of response) parts.push(part)
  const text = Buffer.concat(parts).toString()
  if (response.statusCode !== 200) throw new Error(`${path}: ${response.statusCode} ${text}`)
  return text
}

function frame(command, seq, body) {
  const bytes = Buffer.alloc(HEADER_BYTES + body.length)
  bytes.writeUInt32BE(bytes.length - LENGTH_BYTES, 0)
  bytes.writeUInt16BE(command, 4)
  bytes.writeUInt32BE(seq, 8)
  body.copy(bytes, HEADER_BYTES)
  return bytes
}

/** A MessagePack map of one name of three letters and a 32-bit number: made by hand, since a million of them are sent. */
function oneId(field, id) {
  const body = Buffer.alloc(10)
  body[0] = 0x81
  body[1] = 0xa3
  body.write(field, 2, 'latin1')
  body[5] = 0xce
  body.writeUInt32BE(id, 6)
  return body
}

class Device {
  #socket
  #rest = Buffer.alloc(0)
  #waiting // { command, left, busy, resolve, reject }: what is to be acknowledged

  constructor(socket) {
    this.#socket = socket
    socket.on('data', chunk => this.#read(chunk))
    socket.on('error', error => this.#fail(error))
    socket.on('close', () => this.#fail(new Error('the gateway closed the connection')))
  }

  /** Sends one command for each id, all at once, and waits until all are acknowledged. What the gateway is too busy for at
   *  the moment is sent again, as a client does. */
  async all({ command, field }, ids) {
    const busy = this.#await(command + 1, ids.length)
    this.#socket.write(Buffer.concat(ids.map((id, seq) => frame(command, seq, oneId(field, id)))))
    const again = (await busy).map(seq => ids[seq])
    if (again.length === 0) return
    await pause(BUSY_PAUSE_MS)
    await this.all({ command, field }, again)
  }

  online(body) {
    const acknowledged = this.#await(ONLINE + 1, 1)
    this.#socket.write(frame(ONLINE, 1, pack(body)))
    return acknowledged
  }

  close() {
    this.#socket.removeAllListeners('close')
    this.#socket.destroy()
  }

  /** @returns the numbers of those that were refused as busy */
  #await(command, left) {
    return new Promise((resolve, reject) => {
      this.#waiting = { command, left, busy: [], resolve, reject }
    })
  }

  #read(chunk) {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    while (bytes.length >= LENGTH_BYTES && bytes.length >= bytes.readUInt32BE(0) + LENGTH_BYTES) {
      const end = bytes.readUInt32BE(0) + LENGTH_BYTES
      this.#take(bytes.readUInt16BE(4), bytes.readUInt32BE(8), bytes.subarray(HEADER_BYTES, end))
      bytes = bytes.subarray(end)
    }
    this.#rest = bytes
  }

  #take(command, seq, body) {
    const waiting = this.#waiting
    if (waiting === undefined || command !== waiting.command) return // a notice
    const { code, errmsg } = unpack(body)
    if (code === BUSY) waiting.busy.push(seq)
    else if (code) this.#fail(new Error(`command ${command - 1} was refused: ${code} ${errmsg}`))
    if (--waiting.left > 0) return
    this.#waiting = undefined
    waiting.resolve(waiting.busy)
  }

  #fail(error) {
    this.#waiting?.reject(error)
    this.#waiting = undefined
  }
}

/** Registers, gets its token and signs in. */
export async function signIn(agent, gateway, uid) {
  const { sid } = JSON.parse(await get(agent, gateway.http, `/im/register?uid=${uid}&nation=1&city=1&town=1`))
  const place = `type=${LISTENER_TCP}&uid=${uid}&sid=${sid}&clientip=127.0.0.1`
  const { token } = JSON.parse(await get(agent, gateway.http, `/im/iplist?${place}`))
  const [host, port] = gateway.tcp.split(':')
  const socket = connect({ host, port: Number(port), noDelay: true })
  await once(socket, 'connect')
  const device = new Device(socket)
  await device.online({ uid, sid, token, app: 'bench', version: '1.0' })
  return device
}
