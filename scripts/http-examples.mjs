/*
 * The examples of docs/http.md: for every HTTP interface one request, as a curl line, and the
 * answer of a real gateway (npm run build first). They are made, and can be repeated, in the order
 * of the page: a fresh gateway, the first two, then the scene (devices, groups, rooms), then the
 * rest.
 *
 *   node scripts/http-examples.mjs
 * makes docs/http-examples.json, which `npm run docs` puts into the page. Fails when a call is
 * refused or shows nothing, and when an interface has no example.
 *
 *   node scripts/http-examples.mjs check
 * runs every command of docs/http.md by sh and compares the answers with the page.
 *
 * Ports are written as the defaults, the rest stands as it came.
 */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual, promisify } from 'node:util'
import { WebSocket } from 'ws'
import { routes } from '../dist/http/routes.js'
import { parse, stringify } from '../dist/util/json.js'

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url))
const EXAMPLES = new URL('../docs/http-examples.json', import.meta.url)
const PAGE = new URL('../docs/http.md', import.meta.url)
const DEADLINE_MS = 20_000
const POLL_MS = 200

const TEXT = { 'content-type': 'text/plain; charset=utf-8' }
const JSON_TYPE = { 'content-type': 'application/json' }

const ALICE = 10001
const BOB = 7301444403200000002n
const CAROL = 10003
const DAVE = 10004
const MALLORY = 10009
const TRUDY = 10010
const GROUP = 6001
const OLD_GROUP = 6002
const SMALL_GROUP = 6003
const ROOM = 8001
const CLOSED_ROOM = 8002
const SMALL_ROOM = 8003
/**
 * Addresses of this machine that play the other nodes. Of each kind one is there before, and one is
 * added and removed.
 */
const PEERS = { listend: { nid: 23, ipaddr: '127.0.0.3' }, frwder: { nid: 32, ipaddr: '127.0.0.3' } }
const PEER = { nid: 22, ipaddr: '127.0.0.2', port: 8080 }
const NATS = { nid: 31, ipaddr: '127.0.0.2', port: 4222 }

const cleanups = []
/**
 * What stands on the page, and what it is with this gateway: addresses, and the sids that it gave.
 */
const aliases = []
let gateway
/** The key that the gateway has made at its first start. */
let apiKey = ''

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
    const entry = line.startsWith('{') ? JSON.parse(line) : {}
    if (entry.msg !== 'ready') continue
    apiKey = readFileSync(join(dataDir, 'first-key'), 'utf8').trim()
    // What it says from now on is nobody's, but must not fill the pipe.
    child.stdout.resume()
    return entry
  }
  throw new Error('the gateway ended before it served')
}

/** The sign of life by which the gateway takes a node to be up. @returns its port */
async function listenAs(ipaddr) {
  const server = createServer(socket => socket.destroy())
  server.listen({ host: ipaddr, port: 0 })
  await once(server, 'listening')
  cleanups.push(() => server.close())
  return server.address().port
}

function quoted(text) {
  return `'${text.replaceAll("'", "'\\''")}'`
}

function curlLine(url, headers, body) {
  const options = Object.entries(headers).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`)
  if (body !== undefined) options.push(`-d ${quoted(body)}`)
  return ['curl -H "X-API-Key: $KEY"', quoted(url), ...options].join(' ')
}

/** A text of this gateway as the page has it. */
function asOnPage(text) {
  return aliases.reduce((all, { page, here }) => all.replaceAll(here, page), text)
}

/** A text of the page as it is with this gateway. */
function asHere(text) {
  return aliases.reduce((all, { page, here }) => all.replaceAll(page, here), text)
}

/** One call of the interface. @returns the answer and how it was asked for */
async function call(name, query = {}, { headers = {}, body } = {}) {
  const row = routes.find(route => route.name === name)
  if (row === undefined) throw new Error(`${name}: there is no such interface`)
  const search = Object.entries({ ...row.where, ...query })
    .map(([key, value]) => `${key}=${encodeURIComponent(value)}`)
    .join('&')
  const url = `http://${gateway.http}${row.path}${search === '' ? '' : `?${search}`}`
  const response = await fetch(url, { method: row.method, headers: { ...headers, 'x-api-key': apiKey }, body })
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

/** Asks again and again until the answer satisfies, or time is up. @returns the last answer */
async function eventually(ask, isDone) {
  const giveUpAt = performance.now() + DEADLINE_MS
  for (;;) {
    const answer = await ask()
    if (isDone(answer) || performance.now() > giveUpAt) return answer
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

async function quietly(name, query, request) {
  return (await call(name, query, request)).answer
}

async function signInNew(uid, app, version) {
  const { sid } = await quietly('register', { uid, nation: 86, city: 755, town: 3 })
  const addresses = await quietly('iplist', { type: 2, uid, sid, clientip: '203.0.113.7' })
  return await Device.signIn(addresses, app, version)
}

/**
 * What the examples behind the first two are about.
 * @param phone the answer of iplist, for Alice's first device
 */
async function prepareScene(phone) {
  const devices = [
    await Device.signIn(phone, 'im-ios', '2.1.0'),
    await signInNew(ALICE, 'im-web', '1.4.2'),
    await signInNew(BOB, 'im-web', '1.4.2'),
  ]
  const [alice] = devices
  for (const [gid, name] of [
    [GROUP, 'hiking'],
    [OLD_GROUP, 'old'],
    [SMALL_GROUP, 'cooking'],
  ]) {
    await alice.request('GROUP-CREAT', { gid, name, desc: '' })
  }
  for (const uid of [BOB, DAVE]) await quietly('group.member.add', { gid: GROUP, uid })
  for (const text of ['Who comes along?', 'It will be sunny.', 'Nine at the station.']) {
    await alice.request('GROUP-CHAT', { gid: GROUP, text })
  }
  await alice.request('GROUP-CHAT', { gid: SMALL_GROUP, text: 'Anybody here?' })
  await quietly('group.blacklist.add', { gid: GROUP, uid: TRUDY })
  await quietly('group.gag.add', { gid: GROUP, uid: BOB })
  // Three sessions in sub-groups of two, so that there is a second one.
  await quietly('room.cap.set', { rid: ROOM, cap: 2 })
  for (const device of devices) await device.request('ROOM-JOIN', { rid: ROOM })
  for (const rid of [CLOSED_ROOM, SMALL_ROOM]) await alice.request('ROOM-JOIN', { rid })
  await quietly('room.blacklist.add', { rid: SMALL_ROOM, uid: TRUDY })
  await quietly('room.gag.add', { rid: SMALL_ROOM, uid: CAROL })
  await quietly('user-statis.add', { prec: '1h', num: 720 })
  await quietly('user-statis.add', { prec: '1d', num: 365 })
  for (const [kind, node] of Object.entries(PEERS)) {
    const port = await listenAs(node.ipaddr)
    const shown = kind === 'listend' ? PEER.port : NATS.port
    aliases.push({ page: `${node.ipaddr}:${shown}`, here: `${node.ipaddr}:${port}` })
    aliases.push({ page: `"${node.ipaddr}","port":${shown},`, here: `"${node.ipaddr}","port":${port},` })
    await quietly(`${kind}.add`, { ...node, port, ...(kind === 'listend' ? { type: 2 } : {}) })
  }
}

const notice = { headers: JSON_TYPE, body: '{"type":"notice","text":"Maintenance at 02:00"}' }
const order = {
  headers: { ...JSON_TYPE, 'idempotency-key': 'order-20260131-0007' },
  body: '{"type":"order","state":"paid"}',
}
const batch = [
  { dim: 'uid', uid: ALICE, data: { type: 'order', state: 'shipped' }, key: 'order-20260131-0007-shipped' },
  { dim: 'room', rid: ROOM, expire: 0, data: 'Half time' },
]
const text = body => ({ headers: TEXT, body })
/** A node is down until the gateway has looked. */
const isUp = ({ list }) => list.every(({ status }) => status === 1)

/**
 * By the name of the interface: query, and the rest of the request, and when its answer is what it
 * will be.
 */
const specs = {
  register: [{ uid: ALICE, nation: 86, city: 755, town: 3 }],
  iplist: [({ sid }) => ({ type: 2, uid: ALICE, sid, clientip: '203.0.113.7' })],
  'push.broadcast': [{}, notice],
  'push.group': [{ gid: GROUP }, text('Welcome to the group')],
  'push.room': [{ rid: ROOM, expire: 60 }, text('大家好')],
  'push.sid': [({ sid }) => ({ sid }), text('Signed in on a new device')],
  'push.uid': [{ uid: ALICE }, order],
  'push.appid': [{ appid: 'im-web', version: '1.4.2' }, notice],
  'push.batch': [{}, { headers: JSON_TYPE, body: stringify(batch) }],
  'user-statis.add': [{ prec: '300s', num: 2016 }],
  'user-statis.del': [{ prec: '1d' }],
  'user-statis.list': [{}],
  'user-statis.get': [{ prec: '300s', num: 1 }, {}, ({ list }) => list.some(({ num }) => num > 0)],
  'query.user-status': [{ uid: ALICE }],
  'query.sid-list': [{ uid: ALICE }],
  'group.blacklist.add': [{ gid: GROUP, uid: MALLORY }],
  'group.blacklist.del': [{ gid: GROUP, uid: TRUDY }],
  'group.blacklist.get': [{ gid: GROUP }],
  'group.gag.add': [{ gid: GROUP, uid: CAROL }],
  'group.gag.del': [{ gid: GROUP, uid: BOB }],
  'group.gag.get': [{ gid: GROUP }],
  'group.close': [{ gid: OLD_GROUP }],
  'group.cap.set': [{ gid: GROUP, cap: 500 }],
  'group.cap.get': [{ gid: GROUP }],
  'group.top': [{ num: 2 }],
  'group.top.messages': [{ num: 2 }],
  'group.open': [{ gid: OLD_GROUP }],
  'group.member.add': [{ gid: GROUP, uid: CAROL }],
  'group.member.del': [{ gid: GROUP, uid: DAVE }],
  'group.member.get': [{ gid: GROUP }],
  'room.blacklist.add': [{ rid: ROOM, uid: MALLORY }],
  'room.blacklist.del': [{ rid: ROOM, uid: MALLORY }],
  'room.gag.add': [{ rid: ROOM, uid: BOB }],
  'room.gag.del': [{ rid: ROOM, uid: BOB }],
  'room.close': [{ rid: CLOSED_ROOM }],
  'room.open': [{ rid: CLOSED_ROOM }],
  'room.cap.set': [{ rid: ROOM, cap: 2 }],
  'room.cap.get': [{ rid: ROOM }],
  'room.top': [{ num: 3 }, {}, ({ len }) => len === 2],
  'room.blacklist.get': [{ rid: SMALL_ROOM }],
  'room.gag.get': [{ rid: SMALL_ROOM }],
  'room.groups': [{ rid: ROOM }, {}, ({ len }) => len === 2],
  'listend.list': [{}, {}, isUp],
  'listend.add': [{ ...PEER, type: 2 }],
  'listend.del': [PEER],
  'frwder.list': [{}, {}, isUp],
  'frwder.add': [NATS],
  'frwder.del': [NATS],
}

async function start() {
  gateway = await startGateway()
  const portOf = address => address.split(':').pop()
  aliases.push({ page: '127.0.0.1:8080', here: `127.0.0.1:${portOf(gateway.http)}` })
  aliases.push({ page: '127.0.0.1:8081', here: `127.0.0.1:${portOf(gateway.tcp)}` })
}

async function makeExamples() {
  await start()
  const examples = {}
  let phone = {}
  for (const { name } of routes) {
    const [query, request = {}, isDone = () => true] = specs[name] ?? []
    if (query === undefined) throw new Error(`no example of ${name}`)
    const ask = () => call(name, typeof query === 'function' ? query(phone) : query, request)
    const { answer, example } = await eventually(ask, made => isDone(made.answer))
    if (!isDone(answer) || isEmpty(answer)) throw new Error(`${name} shows nothing: ${stringify(answer)}`)
    examples[name] = { ...example, request: asOnPage(example.request), reply: asOnPage(example.reply) }
    if (name === 'register' || name === 'iplist') phone = answer
    if (name === 'iplist') await prepareScene(phone)
  }
  writeFileSync(EXAMPLES, `${JSON.stringify(examples, null, 2)}\n`)
  console.log(`${routes.length} examples`)
}

/** The commands of the page and the answers below them, in order. */
function readPage() {
  const page = readFileSync(PAGE, 'utf8')
  const blocks = page.matchAll(/^## \S+ (\S+)$|^```sh\n([\s\S]*?)\n```\n\n```json\n([\s\S]*?)\n```$/gm)
  const commands = []
  let name
  for (const [, heading, command, reply] of blocks) {
    if (heading !== undefined) name = heading
    else commands.push({ name, command, reply })
  }
  return commands
}

/** What may be another one each time, by the name of the field: only its form is compared. */
const FORMS = {
  sid: /^\d+$/,
  msgid: /^\d+$/,
  time: /^\d{10}$/,
  'time-str': /^\d{4}-\d\d-\d\d \d\d:\d\d:00$/,
  token: /^uid:10001:ttl:\d{10}:sid:\d+:end\.[\w-]{43}$/,
}

/** The value with the forms in place of what changes. */
function formOf(value, field = '') {
  if (FORMS[field]?.test(String(value))) return `a ${typeof value} like ${FORMS[field]}`
  if (Array.isArray(value)) return value.map(item => formOf(item))
  if (typeof value !== 'object' || value === null) return value
  // As pairs: the order of the fields counts too.
  return Object.entries(value).map(([name, inner]) => [name, formOf(inner, name)])
}

async function checkPage() {
  await start()
  const commands = readPage()
  const names = commands.map(({ name }) => name)
  const wanted = routes.map(({ name }) => name)
  if (!isDeepStrictEqual(names, wanted)) throw new Error(`the page has ${names}, not ${wanted}`)
  for (const { name, command, reply } of commands) {
    const env = { ...process.env, KEY: apiKey }
    const ask = async () => (await promisify(execFile)('sh', ['-c', asHere(command)], { env })).stdout
    const isDone = text => isDeepStrictEqual(formOf(parse(asOnPage(text))), formOf(parse(reply)))
    // Only questions are asked again: some answers take a moment to become what they will be.
    const answer = specs[name][2] === undefined ? await ask() : await eventually(ask, isDone)
    if (!isDone(answer))
      throw new Error(`${name}\n  asked   ${command}\n  page    ${reply}\n  gateway ${asOnPage(answer)}`)
    console.log(`ok ${name}`)
    if (name === 'register') {
      const [page, here] = [parse(reply).sid, parse(answer).sid]
      aliases.push({ page: `sid=${page}`, here: `sid=${here}` })
    }
    if (name === 'iplist') await prepareScene(parse(answer))
  }
}

try {
  if (process.argv[2] === 'check') await checkPage()
  else await makeExamples()
} catch (error) {
  console.error(error)
  process.exitCode = 1
} finally {
  for (const cleanup of cleanups.reverse()) await cleanup()
}
