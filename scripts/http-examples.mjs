/* Makes docs/http-examples.json: for every HTTP interface one request, as a curl line, and the answer that a real gateway
 * gave to it (npm run build first). Ports are written as the defaults, the rest stands as it came. Fails when a call is
 * refused, when an answer shows nothing (a total of 0), and when an interface has no example. `npm run docs` puts them
 * into docs/http.md. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { WebSocket } from 'ws'
import { routes } from '../dist/http/routes.js'
import { parse, stringify } from '../dist/util/json.js'

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url))
const PAGE = new URL('../docs/http-examples.json', import.meta.url)
/** What the ports are by default, and therefore in the examples. */
const PORTS = { http: '8080', tcp: '8081' }
const DEADLINE_MS = 20_000
const POLL_MS = 200

const TEXT = { 'content-type': 'text/plain; charset=utf-8' }
const JSON_TYPE = { 'content-type': 'application/json' }

const ALICE = 10001
const BOB = 7301444403200000002n
const CAROL = 10003
const MALLORY = 10009
const GROUP = 6001
const OLD_GROUP = 6002
const ROOM = 8001
const CLOSED_ROOM = 8002
/** Addresses of this machine that play the other nodes: the default ones are the gateway's. */
const PEER = { nid: 22, ipaddr: '127.0.0.2', port: 8080 }
const NATS = { nid: 31, ipaddr: '127.0.0.2', port: 4222 }

const cleanups = []
const examples = new Map()
let gateway

/** Starts the built gateway on free ports and a folder of its own. @returns its `http` and `tcp` addresses */
async function startGateway() {
  const dataDir = await mkdtemp(join(tmpdir(), 'imgate-examples-'))
  cleanups.push(() => rm(dataDir, { recursive: true, force: true }))
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('IMGATE_'))
  const env = {
    ...Object.fromEntries(inherited),
    IMGATE_HTTP_PORT: '0',
    IMGATE_TCP_PORT: '0',
    IMGATE_WORKERS: '2',
    IMGATE_DATA_DIR: dataDir,
  }
  const child = spawn(process.execPath, [MAIN, 'start'], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  cleanups.push(() => {
    child.kill('SIGTERM')
    return ended
  })
  for await (const line of createInterface({ input: child.stdout })) {
    const entry = JSON.parse(line)
    if (entry.msg !== 'ready') continue
    // What it says from now on is nobody's, but must not fill the pipe.
    child.stdout.resume()
    return entry
  }
  throw new Error('the gateway ended before it served')
}

/** The sign of life by which the gateway takes a node to be up; somebody else's on that port is as good. */
async function listenAs({ ipaddr, port }) {
  const server = createServer(socket => socket.destroy())
  await new Promise((resolve, reject) => {
    server.once('error', error => (error.code === 'EADDRINUSE' ? resolve() : reject(error)))
    server.listen({ host: ipaddr, port, exclusive: true }, resolve)
  })
  cleanups.push(() => server.close())
}

function quoted(text) {
  return `'${text.replaceAll("'", "'\\''")}'`
}

function curlLine(url, headers, body) {
  const options = Object.entries(headers).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`)
  if (body !== undefined) options.push(`-d ${quoted(body)}`)
  return ['curl', quoted(url), ...options].join(' ')
}

function withDefaultPorts(text) {
  const portOf = address => address.split(':').pop()
  return text
    .replaceAll(`127.0.0.1:${portOf(gateway.http)}`, `127.0.0.1:${PORTS.http}`)
    .replaceAll(`127.0.0.1:${portOf(gateway.tcp)}`, `127.0.0.1:${PORTS.tcp}`)
}

/** One call of the interface. @returns the answer and how it was asked for */
async function call(name, query = {}, { headers = {}, body } = {}) {
  const row = routes.find(route => route.name === name)
  if (row === undefined) throw new Error(`${name}: there is no such interface`)
  const search = Object.entries({ ...row.where, ...query })
    .map(([key, value]) => `${key}=${encodeURIComponent(value)}`)
    .join('&')
  const url = `http://${gateway.http}${row.path}${search === '' ? '' : `?${search}`}`
  const response = await fetch(url, { method: row.method, headers, body })
  const text = await response.text()
  const answer = parse(text)
  if (response.status !== 200 || answer.code !== 0) throw new Error(`${name}: ${response.status} ${text}`)
  const example = { request: curlLine(url, headers, body), status: response.status, reply: text }
  return { answer, example }
}

/** Whether an answer teaches nothing because nobody and nothing was there. */
function isEmpty({ total, len, num, status }) {
  return [total, len, num, status].includes(0)
}

/** Makes the example of an interface, again and again while `isDone` says that the answer is not yet what it will be. */
async function example(name, query, { isDone = answer => !isEmpty(answer), ...request } = {}) {
  const giveUpAt = performance.now() + DEADLINE_MS
  for (;;) {
    const made = await call(name, query, request)
    if (isDone(made.answer)) {
      const { status } = made.example
      examples.set(name, {
        request: withDefaultPorts(made.example.request),
        status,
        reply: withDefaultPorts(made.example.reply),
      })
      return made.answer
    }
    if (performance.now() > giveUpAt) throw new Error(`${name} shows nothing: ${stringify(made.answer)}`)
    await new Promise(resolve => setTimeout(resolve, POLL_MS))
  }
}

/** A device over WebSocket in JSON. `request` resolves with the body of the ack. */
class Device {
  #socket
  #seq = 0

  static async signIn({ uid, sid, token, iplist }, app, version) {
    const device = new Device()
    device.#socket = new WebSocket(`ws://${iplist[0]}/im/ws`)
    cleanups.push(() => device.#socket.terminate())
    await once(device.#socket, 'open')
    await device.request('ONLINE', { uid, sid, token, app, version })
    return device
  }

  request(cmd, body) {
    const seq = ++this.#seq
    return new Promise((resolve, reject) => {
      const onMessage = message => {
        const ack = String(message)
          .split('\n')
          .map(parse)
          .find(frame => frame.cmd === `${cmd}-ACK` && frame.seq === seq)
        if (ack === undefined) return
        this.#socket.off('message', onMessage)
        if (ack.body.code === 0) resolve(ack.body)
        else reject(new Error(`${cmd}: ${stringify(ack.body)}`))
      }
      this.#socket.on('message', onMessage)
      this.#socket.send(stringify({ cmd, seq, body }))
    })
  }
}

async function registerDevice(make, uid) {
  const { sid } = await make('register', { uid, nation: 86, city: 755, town: 3 })
  return await make('iplist', { type: 2, uid, sid, clientip: '203.0.113.7' })
}

/** Alice with two devices, Bob with one. */
async function signInDevices() {
  const quietly = async (name, query) => (await call(name, query)).answer
  const phone = await registerDevice(example, ALICE)
  const devices = [
    await Device.signIn(phone, 'im-ios', '2.1.0'),
    await Device.signIn(await registerDevice(quietly, ALICE), 'im-web', '1.4.2'),
    await Device.signIn(await registerDevice(quietly, BOB), 'im-web', '1.4.2'),
  ]
  return { devices, sid: phone.sid }
}

async function statistics() {
  await example('user-statis.add', { prec: '300s', num: 2016 })
  await call('user-statis.add', { prec: '1h', num: 720 })
  await call('user-statis.add', { prec: '1d', num: 365 })
  await example('user-statis.list')
  await example('user-statis.get', { prec: '300s', num: 3 }, { isDone: ({ list }) => list.some(({ num }) => num > 0) })
  await example('user-statis.del', { prec: '1d' })
}

async function groups([phone]) {
  await phone.request('GROUP-CREAT', { gid: GROUP, name: 'hiking', desc: 'Sunday walks' })
  await phone.request('GROUP-CREAT', { gid: OLD_GROUP, name: 'old', desc: '' })
  await call('group.member.add', { gid: GROUP, uid: BOB })
  await example('group.member.add', { gid: GROUP, uid: CAROL })
  await example('group.member.get', { gid: GROUP })
  for (const text of ['Who comes along?', 'It will be sunny.', 'Nine at the station.']) {
    await phone.request('GROUP-CHAT', { gid: GROUP, text })
  }
  await phone.request('GROUP-CHAT', { gid: OLD_GROUP, text: 'Anybody here?' })
  await example('group.top', { num: 3 })
  await example('group.top.messages', { num: 3 })
  await example('group.cap.set', { gid: GROUP, cap: 500 })
  await example('group.cap.get', { gid: GROUP })
  await example('group.blacklist.add', { gid: GROUP, uid: MALLORY })
  await example('group.blacklist.get', { gid: GROUP })
  await example('group.blacklist.del', { gid: GROUP, uid: MALLORY })
  await example('group.gag.add', { gid: GROUP, uid: CAROL })
  await example('group.gag.get', { gid: GROUP })
  await example('group.gag.del', { gid: GROUP, uid: CAROL })
  await example('group.member.del', { gid: GROUP, uid: CAROL })
  await example('group.close', { gid: OLD_GROUP })
  await example('group.open', { gid: OLD_GROUP })
}

/** Three sessions in sub-groups of two, so that there is a second one. */
async function rooms(devices) {
  await example('room.cap.set', { rid: ROOM, cap: 2 })
  await example('room.cap.get', { rid: ROOM })
  for (const device of devices) await device.request('ROOM-JOIN', { rid: ROOM })
  await devices[0].request('ROOM-JOIN', { rid: CLOSED_ROOM })
  await example('room.top', { num: 3 }, { isDone: ({ len }) => len === 2 })
  await example('room.groups', { rid: ROOM }, { isDone: ({ len }) => len === 2 })
  await example('room.blacklist.add', { rid: ROOM, uid: MALLORY })
  await example('room.blacklist.del', { rid: ROOM, uid: MALLORY })
  await example('room.gag.add', { rid: ROOM, uid: BOB })
  await example('room.gag.del', { rid: ROOM, uid: BOB })
  await example('room.close', { rid: CLOSED_ROOM })
  await example('room.open', { rid: CLOSED_ROOM })
}

async function pushes(sid) {
  const notice = { headers: JSON_TYPE, body: '{"type":"notice","text":"Maintenance at 02:00"}' }
  const idempotent = { 'idempotency-key': 'order-20260131-0007' }
  await example('push.broadcast', {}, notice)
  await example('push.group', { gid: GROUP }, { headers: TEXT, body: 'Welcome to the group' })
  await example('push.room', { rid: ROOM, expire: 60 }, { headers: TEXT, body: '大家好' })
  await example('push.sid', { sid }, { headers: TEXT, body: 'Signed in on a new device' })
  await example(
    'push.uid',
    { uid: ALICE },
    { headers: { ...JSON_TYPE, ...idempotent }, body: '{"type":"order","state":"paid"}' },
  )
  await example('push.appid', { appid: 'im-web', version: '1.4.2' }, notice)
  const batch = [
    { dim: 'uid', uid: ALICE, data: { type: 'order', state: 'shipped' }, key: 'order-20260131-0007-shipped' },
    { dim: 'room', rid: ROOM, expire: 0, data: 'Half time' },
  ]
  await example('push.batch', {}, { headers: JSON_TYPE, body: stringify(batch) })
}

/** A node is down until the gateway has looked. */
async function nodes() {
  const isUp = ({ list }) => list.length > 0 && list.every(({ status }) => status === 1)
  for (const [kind, node] of [
    ['listend', PEER],
    ['frwder', NATS],
  ]) {
    await listenAs(node)
    await example(`${kind}.add`, kind === 'listend' ? { ...node, type: 2 } : node)
    await example(`${kind}.list`, {}, { isDone: isUp })
    await example(`${kind}.del`, node)
  }
}

async function makeExamples() {
  gateway = await startGateway()
  const { devices, sid } = await signInDevices()
  await groups(devices)
  await rooms(devices)
  await pushes(sid)
  await example('query.user-status', { uid: ALICE })
  await example('query.sid-list', { uid: ALICE })
  await statistics()
  await nodes()
  const missing = routes.filter(({ name }) => !examples.has(name)).map(({ name }) => name)
  if (missing.length > 0) throw new Error(`no example of ${missing.join(', ')}`)
  const inOrder = Object.fromEntries(routes.map(({ name }) => [name, examples.get(name)]))
  writeFileSync(PAGE, `${JSON.stringify(inOrder, null, 2)}\n`)
}

try {
  await makeExamples()
  console.log(`${examples.size} examples of ${routes.length} interfaces`)
} catch (error) {
  console.error(error)
  process.exitCode = 1
} finally {
  for (const cleanup of cleanups.reverse()) await cleanup()
}
