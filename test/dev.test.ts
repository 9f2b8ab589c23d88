import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { eventually, withDeadline } from './support/deadline.js'

const PROJECT = join(dirname(fileURLToPath(import.meta.url)), '..')
/** tsc takes its time on a busy machine. */
const COMPILED_MS = 60_000

/** `npm run dev` on a copy of the sources, so that they can be changed. */
class Dev {
  readonly child: ChildProcess
  readonly folder: string
  /** What it and the gateway wrote. */
  output = ''
  #onOutput: () => void = () => undefined

  static async start(): Promise<Dev> {
    const folder = await mkdtemp(join(tmpdir(), 'imgate-dev-'))
    t.teardown(() => rm(folder, { recursive: true, force: true }))
    const copied = ['src', 'dist', 'scripts', 'package.json', 'tsconfig.json']
    for (const name of copied)
      await cp(join(PROJECT, name), join(folder, name), { recursive: true, preserveTimestamps: true })
    await symlink(join(PROJECT, 'node_modules'), join(folder, 'node_modules'))
    return new Dev(folder)
  }

  private constructor(folder: string) {
    this.folder = folder
    const options = ['--http-port', '0', '--tcp-port', '0', '--workers', '1', '--data-dir', join(folder, 'data')]
    // Through `env -i`, because the test runner puts its loader into the environment of every child of ours.
    const command = ['-i', `PATH=${process.env['PATH']}`, process.execPath, 'scripts/dev.mjs', ...options]
    this.child = spawn('env', command, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [this.child.stdout!, this.child.stderr!]) {
      stream.on('data', chunk => {
        this.output += String(chunk)
        this.#onOutput()
      })
    }
  }

  /** The log lines of one message so far. */
  lines(msg: string): { http?: string; pid?: number }[] {
    return this.output
      .split('\n')
      .filter(line => line.startsWith('{') && line.endsWith('}'))
      .map(line => JSON.parse(line))
      .filter(entry => entry.msg === msg)
  }

  until(isDone: () => boolean, what: string): Promise<void> {
    const done = new Promise<void>(resolve => {
      this.#onOutput = () => {
        if (isDone()) resolve()
      }
      this.#onOutput()
    })
    return withDeadline(done, () => `${what}:\n${this.output.slice(-4000)}`, COMPILED_MS)
  }

  async gateway(number: number): Promise<{ http: string; pid: number }> {
    await this.until(() => this.lines('ready').length >= number, `gateway ${number}`)
    return this.lines('ready')[number - 1] as { http: string; pid: number }
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

const healthOf = async (http: string) => (await fetch(`http://${http}/healthz`)).status

t.test('npm run dev serves each change that compiles, and leaves nothing behind', async t => {
  const dev = await Dev.start()
  t.teardown(() => dev.child.kill('SIGTERM'))
  const main = join(dev.folder, 'src', 'main.ts')
  const sound = await readFile(main, 'utf8')

  const first = await dev.gateway(1)
  t.equal(await healthOf(first.http), 200)

  await appendFile(main, "\nprocess.stderr.write('changed\\n')\n")
  const second = await dev.gateway(2)
  t.equal(dev.lines('stopped').length, 1, 'the first one was drained')
  t.notOk(isRunning(first.pid), 'and has ended')
  await dev.until(() => dev.output.includes('\nchanged\n'), 'a word of the changed one')

  await appendFile(main, '\nconst wrong: number = "text"\n')
  await dev.until(() => dev.output.includes('goes on with what compiled last'), 'a word about the error')
  t.match(dev.output, /src\/main\.ts.*error TS2322/s, 'the error is shown')
  t.equal(await healthOf(second.http), 200, 'the second one goes on')
  t.equal(dev.lines('ready').length, 2)

  await writeFile(main, sound)
  const third = await dev.gateway(3)
  t.equal(await healthOf(third.http), 200)

  const ended = once(dev.child, 'close')
  dev.child.kill('SIGTERM')
  t.strictSame(await withDeadline(ended, () => `the end:\n${dev.output.slice(-4000)}`, COMPILED_MS), [0, null])
  t.equal(dev.lines('stopped').length, 3, 'the last one was drained, too')
  await eventually(
    async () => [first, second, third].filter(({ pid }) => isRunning(pid)),
    left => left.length === 0,
    'gateways that are left',
  )
})
