import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import t, { type Test } from 'tap'
import { decodeBinary, encodeBinary } from './support/codec.js'
import type { CommandName } from './support/commands.js'
import { withDeadline } from './support/deadline.js'
import { credentialsFor, goOnline } from './support/device.js'
import { type Gateway, type Scope, startGateway } from './support/gateway.js'
import { freshId } from './support/ids.js'

const EXAMPLES = join(dirname(fileURLToPath(import.meta.url)), '..', 'examples')
const KEY = 'the-key-of-the-examples'
const ROOM = '4242'
/** Long enough for a browser to start on a busy machine, and for the longest wait that a KICK asks for. */
const EVENT_MS = 60_000
/** One after each silent second: a client that sends no PING is closed after three. */
const SETTINGS = { IMGATE_API_KEYS: KEY, IMGATE_HEARTBEAT_MS: '1000' }

/** What one example shows, line by line, whatever it is written in. */
class Output {
  readonly lines: string[] = []
  readonly name: string
  #onLine: () => void = () => undefined

  constructor(name: string) {
    this.name = name
  }

  add(line: string): void {
    this.lines.push(line)
    this.#onLine()
  }

  count(wanted: string | RegExp): number {
    return this.lines.filter(line => (typeof wanted === 'string' ? line === wanted : wanted.test(line))).length
  }

  /** Waits until so many lines are like this. */
  async shows(wanted: string | RegExp, times = 1): Promise<void> {
    const shown = new Promise<void>(resolve => {
      this.#onLine = () => {
        if (this.count(wanted) >= times) resolve()
      }
      this.#onLine()
    })
    await withDeadline(shown, () => `${this.name}: ${wanted} ${times} times in\n${this.lines.join('\n')}`, EVENT_MS)
  }
}

interface Example {
  readonly output: Output
  say(text: string): Promise<void>
  /** Ends it; resolves with its exit code. */
  leave(): Promise<number | null>
}

/** Without what the test runner puts into the environment of every child. */
function run(t: Scope, command: readonly string[], env: Record<string, string> = {}): ChildProcess {
  const assignments = Object.entries({ PATH: process.env['PATH'] ?? '', ...env }).map(pair => pair.join('='))
  const child = spawn('env', ['-i', ...assignments, ...command], { cwd: EXAMPLES, stdio: ['pipe', 'pipe', 'inherit'] })
  t.teardown(() => child.kill('SIGKILL'))
  return child
}

function readLines(child: ChildProcess, output: Output): void {
  createInterface({ input: child.stdout! }).on('line', line => output.add(line))
}

async function startAppServer(t: Scope, gateway: Gateway): Promise<string> {
  const env = { IMGATE_URL: `http://${gateway.http}`, IMGATE_API_KEY: KEY, PORT: '0' }
  const output = new Output('app server')
  readLines(run(t, [process.execPath, 'app-server.mjs'], env), output)
  await output.shows(/^http:/)
  return output.lines[0]!
}

function startProgram(t: Scope, name: string, command: readonly string[], appServer: string): Example {
  const child = run(t, [...command, name, ROOM, appServer])
  const output = new Output(name)
  readLines(child, output)
  const ended = new Promise<number | null>(resolve => child.once('close', resolve))
  return {
    output,
    say: async text => void child.stdin!.write(`${text}\n`),
    leave: () => {
      child.stdin!.end()
      return withDeadline(ended, () => `the end of ${name}`, EVENT_MS)
    },
  }
}

/** The page in Debian's chromium, without a window. */
async function startPage(t: Scope, name: string, executablePath: string, appServer: string): Promise<Example> {
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
  t.teardown(() => browser.close())
  const page = await browser.newPage()
  const output = new Output(name)
  page.on('pageerror', error => output.add(`error: ${error.message}`))
  await page.exposeFunction('onLine', (line: string) => output.add(line))
  // Runs in the page, of which the types of this project know nothing.
  await page.addInitScript(`addEventListener('DOMContentLoaded', () => {
    const added = records => records.flatMap(({ addedNodes }) => [...addedNodes])
    new MutationObserver(records => added(records).forEach(node => onLine(node.textContent)))
      .observe(document.getElementById('messages'), { childList: true })
  })`)
  await page.goto(`${appServer}?${new URLSearchParams({ name, room: ROOM })}`)
  return {
    output,
    say: async text => {
      await page.fill('input[name=text]', text)
      await page.press('input[name=text]', 'Enter')
    },
    leave: async () => {
      await browser.close()
      return 0
    },
  }
}

function pathOf(program: string): string | undefined {
  const { status, stdout } = spawnSync('sh', ['-c', 'command -v "$0"', program], { encoding: 'utf8' })
  return status === 0 ? stdout.trim() : undefined
}

/** The program. Without it the test is skipped, but not in CI. */
function requireProgram(t: Test, program: string): string | undefined {
  const path = pathOf(program)
  if (path === undefined && process.env['CI'] === 'true') t.fail(`${program} is missing: npm test -- --install`)
  else if (path === undefined) t.pass(program, { skip: `${program} is missing: npm test -- --install` })
  return path
}

/** Everybody says something, and everybody, the speaker too, gets each of it once and in one order. */
async function chat(t: Test, examples: readonly Example[], round: string): Promise<void> {
  const said = new RegExp(`^\\d+: ${round} `)
  for (const { output, say } of examples) await say(`${round} of ${output.name}, 你好`)
  for (const { output } of examples) await output.shows(said, examples.length)
  const [first, ...others] = examples.map(({ output }) => output.lines.filter(line => said.test(line)))
  const speakers = first!.map(line => /of (\w+), 你好$/.exec(line)?.[1])
  t.strictSame(new Set(speakers), new Set(examples.map(({ output }) => output.name)), `${round}: all of them spoke`)
  for (const heard of others) t.strictSame(heard, first, `${round}: all of them heard the same`)
}

t.test('the examples chat with each other in one room, and come back after a stop and after a crash', async t => {
  const first = await startGateway(t, { env: SETTINGS })
  const appServer = await startAppServer(t, first)
  const examples = [startProgram(t, 'node', [process.execPath, 'node-client.mjs'], appServer)]
  const python = requireProgram(t, 'python3')
  if (python !== undefined) examples.push(startProgram(t, 'python', [python, 'tcp_client.py'], appServer))
  const browser = requireProgram(t, 'chromium')
  if (browser !== undefined) examples.push(await startPage(t, 'browser', browser, appServer))
  const joined = new RegExp(`^joined room ${ROOM} as user \\d+$`)
  for (const { output } of examples) await output.shows(joined)
  await chat(t, examples, 'first')

  // A batch arrives as one message of many frames.
  const pushes = Array.from({ length: 20 }, (_, index) => ({
    dim: 'room',
    rid: Number(ROOM),
    expire: 0,
    data: `${index}!`,
  }))
  const headers = { 'content-type': 'application/json' }
  await first.api.call('/im/push/batch', { method: 'POST', body: JSON.stringify(pushes), headers })
  for (const { output } of examples) {
    await output.shows(/^push: /, pushes.length)
    const pushed = output.lines.filter(line => line.startsWith('push: '))
    t.strictSame(
      pushed,
      pushes.map(({ data }) => `push: ${data}`),
      `${output.name}: the pushes`,
    )
  }

  // When a device that came later has been closed for its silence, the others are there by their PINGs alone.
  const silent = await goOnline(t, 'ws-json', await credentialsFor(first, 'ws-json', freshId()))
  t.equal((await silent.client.closed).code, 4002, 'who is silent is closed')
  await chat(t, examples, 'second')
  for (const { output } of examples) t.equal(output.count(joined), 1, `${output.name}: no new connection was needed`)

  // A stop is announced by a KICK, a crash by nothing.
  const samePlace = { IMGATE_HTTP_PORT: first.http.split(':')[1]!, IMGATE_TCP_PORT: first.tcp.split(':')[1]! }
  const again = { dataDir: first.dataDir, env: { ...SETTINGS, ...samePlace } }
  await first.process.stop()
  for (const { output } of examples) await output.shows(/^connecting again in \d+ ms$/)
  for (const { output } of examples) t.equal(output.count(/: 10002 /), 1, `${output.name}: the KICK was read`)
  const second = await startGateway(t, again)
  for (const { output } of examples) await output.shows(joined, 2)
  await chat(t, examples, 'third')
  await second.process.kill()
  await startGateway(t, again)
  for (const { output } of examples) await output.shows(joined, 3)
  await chat(t, examples, 'fourth')

  for (const { output, leave } of examples) t.equal(await leave(), 0, `${output.name} leaves`)
  for (const { output } of examples) t.equal(output.count(/^error/), 0, `${output.name}: no errors`)
})

t.test('the Python client reads frames wherever a packet ends, and MessagePack both ways', async t => {
  const python = requireProgram(t, 'python3')
  if (python === undefined) return
  const value = {
    nothing: null,
    flags: [true, false],
    integers: [0, 127, 128, 255, 256, 65_535, 65_536, -1, -32, -33, -129, -40_000, -3_000_000_000],
    big: 2n ** 64n - 1n,
    float: 1.5,
    texts: ['', 'a', 'é'.repeat(20), 'x'.repeat(300), 'x'.repeat(70_000)],
    list: Array.from({ length: 20 }, (_, index) => index),
    map: Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`k${index}`, index])),
  }
  const commands: CommandName[] = ['ROOM-CHAT', 'PONG', 'KICK']
  const stream = Buffer.concat(commands.map((command, index) => encodeBinary(command, index, index === 1 ? {} : value)))
  // Splits the stream at every byte of its beginning and end, and gives back what it understood, in MessagePack.
  const program = `
import sys, tcp_client
stream = sys.stdin.buffer.read()
whole = list(tcp_client.take_frames(bytearray(stream)))
for end in [*range(400), *range(len(stream) - 400, len(stream))]:
    buffer, frames = bytearray(), []
    for part in (stream[:end], stream[end:]):
        buffer += part
        frames += tcp_client.take_frames(buffer)
    assert frames == whole and not buffer, end
buffer, frames = bytearray(), []
for byte in stream[:2000]:
    buffer.append(byte)
    frames += tcp_client.take_frames(buffer)
assert frames == [], 'a frame that is not complete'
sys.stdout.buffer.write(b''.join(tcp_client.frame(*frame) for frame in whole))
`
  const { status, stdout } = spawnSync(python, ['-c', program], { cwd: EXAMPLES, input: stream, maxBuffer: 1 << 24 })
  t.equal(status, 0)
  const { frames, rest } = decodeBinary(stdout)
  t.equal(rest.length, 0)
  t.strictSame(frames, decodeBinary(stream).frames)
})
