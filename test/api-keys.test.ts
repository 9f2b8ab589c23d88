import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { Api } from './support/api.js'
import { runCommand } from './support/command.js'
import { eventually, withDeadline } from './support/deadline.js'
import { signIn } from './support/device.js'
import { ErrorCode } from './support/error-codes.js'
import { type Scope, spawnGateway, startGateway } from './support/gateway.js'
import { freshId } from './support/ids.js'

const FIRST_KEY = 'first-key'

const statusOf = (http: string, headers: Record<string, string> = {}) =>
  new Api(http).call('/im/query', { query: { option: 'user-status', uid: 1 }, headers }).then(({ status }) => status)

/** How often the output has the key. */
const countOf = (key: string, output: string) => output.split(key).length - 1

/** `imgate key show` for a data folder. */
async function show(dataDir: string, env: Record<string, string> = {}) {
  return await runCommand(['key', 'show'], { env: { IMGATE_DATA_DIR: dataDir, ...env } })
}

/** Passes calls on as nginx does with the settings of its page on WebSockets: no header says for whom. */
async function startProxy(t: Scope, upstream: string): Promise<string> {
  const [host, port] = upstream.split(':')
  const proxy = createServer((incoming, answer) => {
    const { method, url: path } = incoming
    const key = incoming.headers['x-api-key']
    const headers = { host: upstream, ...(key === undefined ? {} : { 'x-api-key': key }) }
    const call = request({ host, port, method, path, headers, agent: false }, reply => {
      answer.writeHead(reply.statusCode!, reply.headers)
      reply.pipe(answer)
    })
    incoming.pipe(call)
  })
  await once(proxy.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => proxy.close())
  return `127.0.0.1:${(proxy.address() as AddressInfo).port}`
}

t.test('without a key that is set the first start makes one, and everybody needs it', async t => {
  const gateway = await startGateway(t)
  const file = join(gateway.dataDir, FIRST_KEY)
  const key = readFileSync(file, 'utf8').trim()
  t.equal(statSync(file).mode & 0o777, 0o600, 'only the user may read it')
  t.match(key, /^[\w-]{32,}$/)
  t.equal(await statusOf(gateway.http), 401, 'a caller on this machine without a key')
  t.equal(await statusOf(gateway.http, { 'x-api-key': `${key}x` }), 401, 'with a wrong one')
  t.equal(await statusOf(gateway.http, { 'x-api-key': key }), 200)
  t.equal(await statusOf(gateway.http, { authorization: `Bearer ${key}` }), 200)
  t.match(await show(gateway.dataDir), { code: 0, stdout: `${key}\n`, stderr: '' })

  const plain = () => gateway.process.output.split('\n').filter(line => line !== '' && !line.startsWith('{'))
  await eventually(
    async () => plain(),
    lines => lines.length >= 4,
    'what the first start shows',
  )
  t.equal(plain().filter(line => line === `API key: ${key}`).length, 1, 'it is written once')
  t.notOk(
    gateway.process.log.some(line => JSON.stringify(line).includes(key)),
    'no log line has it',
  )
  const commands = plain().filter(line => line.startsWith('  curl '))
  t.equal(commands.length, 2)
  for (const command of commands) {
    const reply = spawnSync('sh', ['-c', command], { encoding: 'utf8', env: { PATH: process.env['PATH'] } })
    t.match(JSON.parse(reply.stdout), { code: 0, uid: 7 }, command)
  }

  await gateway.process.kill()
  const again = await startGateway(t, { dataDir: gateway.dataDir })
  t.equal(again.key, key, 'it stays')
  t.equal(countOf(key, again.process.output), 0, 'and is not written again')
  t.equal(await statusOf(again.http, { 'x-api-key': key }), 200)
  t.equal(await statusOf(again.http), 401)
})

t.test('the first key lets the API serve other addresses', async t => {
  const gateway = await startGateway(t, { env: { IMGATE_HTTP_HOST: '0.0.0.0', IMGATE_WORKERS: '1' } })
  t.equal(await statusOf(gateway.http), 401)
  t.equal(await statusOf(gateway.http, { 'x-api-key': gateway.key! }), 200)
  t.match(
    gateway.process.output,
    / 'http:\/\/127\.0\.0\.1:\d+\/im\/register/,
    'the commands name one that can be called',
  )
})

t.test('a key that is set takes the place of the first key', async t => {
  const first = await startGateway(t, { env: { IMGATE_WORKERS: '1' } })
  await first.process.stop()
  const env = { IMGATE_API_KEYS: 'a-key', IMGATE_WORKERS: '1' }
  const gateway = await startGateway(t, { dataDir: first.dataDir, env })
  t.equal(await statusOf(gateway.http, { 'x-api-key': 'a-key' }), 200)
  t.equal(await statusOf(gateway.http, { 'x-api-key': first.key! }), 401)
  t.match(await show(first.dataDir, env), { code: 1, stdout: '', stderr: /API keys are set/ })
  const fresh = await startGateway(t, { env })
  t.notOk(existsSync(join(fresh.dataDir, FIRST_KEY)), 'none is made')
})

t.test('a first key that cannot be used stops the start, and says what to do', async t => {
  const gateway = await startGateway(t, { env: { IMGATE_WORKERS: '1' } })
  await gateway.process.stop()
  for (const text of ['', 'two words']) {
    writeFileSync(join(gateway.dataDir, FIRST_KEY), text)
    const broken = await spawnGateway(t, { dataDir: gateway.dataDir })
    const { code } = await withDeadline(broken.exited, () => 'the end of a start that is refused')
    t.equal(code, 1, text)
    t.match(broken.output, /first-key: expected one line with an API key; remove the file/)
  }
  rmSync(join(gateway.dataDir, FIRST_KEY))
  t.match(await show(gateway.dataDir), { code: 1, stdout: '', stderr: /there is no first key/ })
  const replaced = await startGateway(t, { dataDir: gateway.dataDir, env: { IMGATE_WORKERS: '1' } })
  t.not(replaced.key, gateway.key, 'a new one is made')
})

t.test('a proxy on this machine that tells nothing of whom it serves opens the API to nobody', async t => {
  const gateway = await startGateway(t, { env: { IMGATE_WORKERS: '1' } })
  const address = await startProxy(t, gateway.http)
  t.equal(await statusOf(address), 401)
  t.equal(await statusOf(address, { 'x-api-key': gateway.key! }), 200)
})

t.test('where loopback is trusted a direct caller on this machine needs no key, a forwarded one does', async t => {
  const gateway = await startGateway(t, { env: { IMGATE_TRUST_LOOPBACK: '1' } })
  t.equal(await statusOf(gateway.http), 200)
  t.notOk(existsSync(join(gateway.dataDir, FIRST_KEY)), 'no key is made')
  for (const header of ['X-Forwarded-For', 'Forwarded', 'X-Real-IP', 'Via']) {
    const value = header === 'Forwarded' ? 'for=203.0.113.9' : header === 'Via' ? '1.1 proxy' : '203.0.113.9'
    const { status, body } = await gateway.api.call('/im/query', {
      query: { option: 'user-status', uid: 1 },
      headers: { [header]: value },
    })
    t.equal(status, 401, header)
    t.equal(body.code, ErrorCode.NO_KEY, header)
  }
  const withKey = await startGateway(t, { env: { IMGATE_TRUST_LOOPBACK: '1', IMGATE_API_KEYS: 'a-key' } })
  t.equal(await statusOf(withKey.http), 401, 'with a key set nobody is trusted')
})

t.test('with keys every call needs one of them, as a bearer or as X-API-Key', async t => {
  const gateway = await startGateway(t, { env: { IMGATE_API_KEYS: 'first-key,second-key' } })
  const anonymous = new Api(gateway.http)
  const call = (headers: Record<string, string>) =>
    anonymous.call('/im/register', { query: { uid: freshId(), nation: 1, city: 1, town: 1 }, headers })
  for (const headers of [
    { authorization: 'Bearer first-key' },
    { authorization: 'Bearer second-key' },
    { 'x-api-key': 'first-key' },
    { 'x-api-key': 'second-key' },
    { 'x-api-key': 'first-key', 'x-forwarded-for': '203.0.113.9' },
  ]) {
    const { status, body } = await call(headers as Record<string, string>)
    t.equal(status, 200, JSON.stringify(headers))
    t.equal(body.code, ErrorCode.OK)
  }
  for (const headers of [
    {},
    { authorization: 'Bearer first-ke' },
    { authorization: 'Bearer first-key2' },
    { authorization: 'Bearer first-key,second-key' },
    { authorization: 'Bearer ' },
    { authorization: 'Basic first-key' },
    { authorization: 'first-key' },
    { 'x-api-key': '' },
    { 'x-api-key': 'FIRST-KEY' },
  ]) {
    const { status, body } = await call(headers as Record<string, string>)
    t.equal(status, 401, JSON.stringify(headers))
    t.equal(body.code, ErrorCode.NO_KEY)
    t.notOk(body.errmsg.includes('first-key'), 'the refusal gives no key away')
  }
  const unknown = await anonymous.call('/im/nothing')
  t.equal(unknown.status, 401, 'who has no key learns nothing of the paths')
  t.notOk(gateway.process.output.includes('first-key'), 'no key is in the log')
})

t.test('a key in the query is none', async t => {
  const gateway = await startGateway(t, { env: { IMGATE_API_KEYS: 'the-key' } })
  const { status } = await new Api(gateway.http).call('/im/query?option=user-status&uid=1&api_key=the-key')
  t.equal(status, 401)
})

t.test('devices need no key, and with keys the gateway serves every address', async t => {
  const gateway = await startGateway(t, { env: { IMGATE_API_KEYS: 'the-key', IMGATE_HTTP_HOST: '0.0.0.0' } })
  const device = await signIn(t, gateway, { transport: 'tcp' })
  t.equal(device.ack.code, ErrorCode.OK)
  const own = Object.values(networkInterfaces())
    .flat()
    .find(address => address?.family === 'IPv4' && !address.internal)
  if (own === undefined) return
  const there = new Api(`${own.address}:${gateway.http.split(':')[1]}`, 'the-key')
  t.equal((await there.call('/im/query', { query: { option: 'user-status', uid: 1 } })).status, 200)
})
