/* What the benchmarks of hostile and busy clients share: a gateway on a processor of its own, and devices over raw TCP that
 * are no slower than a Node program must be. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { unpack } from 'msgpackr'
import { Command } from '../dist/protocol/command.js'
import { encodeFrame } from '../dist/protocol/encode.js'
import { killAll, start, stop } from '../native-bench/run/processes.mjs'

const MAIN = join(dirname(fileURLToPath(import.meta.url)), '..', 'dist', 'main.js')
const KEY = 'bench'
const LENGTH_BYTES = 4
const BODY = 12

process.on('exit', killAll)

/** A gateway on one processor, with a folder of its own. @returns its addresses, its pid, a call of its API, its end */
export async function startGateway(env, cpus = '0') {
  const dataDir = mkdtempSync(join(tmpdir(), 'imgate-bench-'))
  const child = start(process.execPath, [MAIN, 'start'], {
    cpus,
    stdout: 'pipe',
    env: {
      IMGATE_HTTP_PORT: '0',
      IMGATE_TCP_PORT: '0',
      IMGATE_WORKERS: '1',
      IMGATE_LOG_LEVEL: 'warn',
      IMGATE_API_KEYS: KEY,
      IMGATE_DATA_DIR: dataDir,
      ...env,
      // The line that says which ports were taken is at this level.
      ...(env?.IMGATE_LOG_LEVEL === undefined ? { IMGATE_LOG_LEVEL: 'info' } : {}),
    },
  })
  const { http, tcp } = await ready(child)
  const port = Number(http.split(':').at(-1))
  return {
    pid: child.pid,
    httpPort: port,
    tcpPort: Number(tcp.split(':').at(-1)),
    /** @returns the reply; throws when its code is not 0 */
    async call(path, { method = 'GET', body, headers } = {}) {
      const response = await fetch(`http://127.0.0.1:${port}/im/${path}`, {
        method,
        body,
        headers: { 'x-api-key': KEY, ...headers },
      })
      const reply = await response.json()
      if (reply.code !== 0) throw new Error(`${path}: ${reply.code} ${reply.errmsg}`)
      return reply
    },
    async stop() {
      await stop(child)
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

function ready(child) {
  return new Promise((resolve, reject) => {
    child.ended.then(({ code }) => reject(new Error(`the gateway ended with ${code}`)))
    createInterface({ input: child.stdout }).on('line', line => {
      const entry = line.startsWith('{') ? JSON.parse(line) : {}
      if (entry.msg === 'ready') resolve(entry)
    })
  })
}

/** Resident memory of a process, in MB. */
export function residentMb(pid) {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024
}

/** Registers a device. @returns { uid, sid, token } */
export async function register(gateway, uid) {
  const { sid } = await gateway.call(`register?uid=${uid}&nation=1&city=1&town=1`)
  const { token } = await gateway.call(`iplist?type=1&uid=${uid}&sid=${sid}&clientip=127.0.0.1`)
  return { uid, sid, token }
}

/** One raw TCP connection: requests with their answers, and whatever else comes. */
export class Device {
  /** Whoever wants what no request asked for. */
  onFrame = () => undefined
  #socket
  #seq = 0
  #waiting = new Map()
  #rest = Buffer.alloc(0)

  /** @param from the local address */
  static connect(gateway, from = '127.0.0.1') {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port: gateway.tcpPort, localAddress: from, noDelay: true })
      socket.once('error', reject)
      socket.once('connect', () => {
        socket.off('error', reject)
        resolve(new Device(socket))
      })
    })
  }

  constructor(socket) {
    this.#socket = socket
    this.closed = new Promise(resolve => {
      socket.on('close', resolve)
    })
    socket.on('error', () => undefined)
    socket.on('data', chunk => this.#take(chunk))
  }

  get socket() {
    return this.#socket
  }

  send(command, fields) {
    this.#socket.write(encodeFrame(command, 0, fields))
  }

  /** @returns the body of the answer */
  request(command, fields) {
    const seq = ++this.#seq
    this.#socket.write(encodeFrame(command, seq, fields))
    return new Promise(resolve => {
      this.#waiting.set(seq, resolve)
    })
  }

  async signIn({ uid, sid, token }) {
    const ack = await this.request(Command.ONLINE, { uid, sid, token, app: 'bench', version: '1.0' })
    if (ack.code !== 0) throw new Error(`ONLINE: ${ack.code} ${ack.errmsg}`)
  }

  end() {
    this.#socket.destroy()
    return this.closed
  }

  #take(chunk) {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    while (bytes.length >= LENGTH_BYTES) {
      const end = LENGTH_BYTES + bytes.readUInt32BE(0)
      if (bytes.length < end) break
      this.#hear(bytes.readUInt16BE(4), bytes.readUInt32BE(8), bytes.subarray(BODY, end))
      bytes = bytes.subarray(end)
    }
    this.#rest = bytes
  }

  #hear(command, seq, body) {
    const answered = this.#waiting.get(seq)
    if (seq === 0 || answered === undefined) return this.onFrame(command, body)
    this.#waiting.delete(seq)
    answered(unpack(body))
  }
}

/** The value that a share of all are not above. @param values are sorted in place */
export function percentile(values, share) {
  values.sort((a, b) => a - b)
  return values[Math.min(values.length - 1, Math.floor(values.length * share))]
}

export const median = values => percentile([...values], 0.5)
