import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Api } from './api.js'
import { withDeadline } from './deadline.js'

const PROJECT = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const START_MS = 60_000
const STOP_MS = 30_000
/** pino's level from which on a line tells of a defect. */
const LOG_LEVEL_ERROR = 50

/** Whatever can run something at its end: a test, or the file's own. */
export interface Scope {
  teardown(handler: () => unknown): unknown
}

/** The hold of busy topics as it is when nothing is set, for the tests that it could disturb. */
export const HOLDING: Readonly<Record<string, string>> = { IMGATE_FLUSH_HOLD_MAX_MS: '20' }

export interface GatewayOptions {
  env?: Record<string, string>
  /** A new one under the system's temporary folder, removed at the end, if not given. */
  dataDir?: string
  args?: readonly string[]
  /** The limit of open files that it starts with. */
  openFilesMax?: number
}

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export type LogLine = Record<string, unknown>

/** The gateway's process: started, perhaps not serving yet, perhaps over. */
export class GatewayProcess {
  readonly dataDir: string
  readonly log: LogLine[] = []
  /** Everything it wrote, for the failures that explain themselves there. */
  output = ''
  readonly exited: Promise<Exit>
  readonly ready: Promise<LogLine>
  /** Whether the test fails at its end when this process has ended by itself or has logged an error. */
  mustBeSound = false
  readonly #child
  #hasExited = false
  #wasSignalled = false

  constructor(dataDir: string, { env = {}, args = [], openFilesMax }: GatewayOptions) {
    this.dataDir = dataDir
    const settings = {
      PATH: process.env['PATH'] ?? '',
      HOME: process.env['HOME'] ?? '',
      IMGATE_HTTP_PORT: '0',
      IMGATE_TCP_PORT: '0',
      IMGATE_WORKERS: '2',
      IMGATE_LOG_LEVEL: 'info',
      IMGATE_DATA_DIR: dataDir,
      // A frame for one session may overtake what is held back for a room: `fence` could not tell that nothing comes.
      IMGATE_FLUSH_HOLD_MAX_MS: '0',
      ...env,
    }
    // Through `env -i`, because the test runner puts its loader into the environment of every child of ours.
    const assignments = Object.entries(settings).map(([name, value]) => `${name}=${value}`)
    const command = [process.execPath, join(PROJECT, 'dist', 'main.js'), 'start', ...args]
    const limit = openFilesMax === undefined ? [] : ['prlimit', `--nofile=${openFilesMax}:${openFilesMax}`]
    this.#child = spawn('env', ['-i', ...assignments, ...limit, ...command], {
      cwd: PROJECT,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.exited = new Promise((resolve, reject) => {
      this.#child.once('error', reject)
      this.#child.once('close', (code, signal) => {
        this.#hasExited = true
        resolve({ code, signal })
      })
    })
    this.ready = this.#readLog()
    this.ready.catch(() => undefined)
  }

  #readLog(): Promise<LogLine> {
    this.#child.stderr.on('data', chunk => {
      this.output += String(chunk)
    })
    return new Promise((resolve, reject) => {
      createInterface({ input: this.#child.stdout }).on('line', line => {
        this.output += `${line}\n`
        if (!line.startsWith('{')) return
        const entry = JSON.parse(line) as LogLine
        this.log.push(entry)
        if (entry['msg'] === 'ready') resolve(entry)
      })
      this.exited.then(
        ({ code, signal }) => reject(new Error(`the gateway ended (${code ?? signal}):\n${this.output}`)),
        reject,
      )
    })
  }

  get isRunning(): boolean {
    return !this.#hasExited
  }

  /** @throws when it ended without being asked to, or logged an error */
  checkSoundness(): void {
    const end = '\nThe end of its log:\n'
    if (!this.isRunning && !this.#wasSignalled) throw new Error(`the gateway ended${end}${this.output.slice(-8000)}`)
    const errors = this.log.filter(({ level }) => typeof level === 'number' && level >= LOG_LEVEL_ERROR)
    if (errors.length === 0) return
    const lines = errors.slice(0, 5).map(line => JSON.stringify(line))
    throw new Error(`the gateway logged ${errors.length} errors:\n${lines.join('\n')}`)
  }

  signal(signal: NodeJS.Signals): void {
    this.#wasSignalled = true
    this.#child.kill(signal)
  }

  /** Asks it to stop and waits until it has. */
  stop(): Promise<Exit> {
    this.signal('SIGTERM')
    return withDeadline(this.exited, () => `the gateway's end after SIGTERM:\n${this.output.slice(-4000)}`, STOP_MS)
  }

  /** Ends it as a crash or a power cut of the process would. */
  kill(): Promise<Exit> {
    this.signal('SIGKILL')
    return withDeadline(this.exited, () => "the gateway's end after SIGKILL", STOP_MS)
  }
}

/** A gateway that serves. */
export interface Gateway {
  readonly process: GatewayProcess
  /** `ip:port` of the HTTP API and of WebSocket. */
  readonly http: string
  /** `ip:port` of the raw TCP listener. */
  readonly tcp: string
  readonly api: Api
  /** The key of the API; undefined where it needs none. */
  readonly key: string | undefined
  readonly dataDir: string
}

/** Starts the process and does not wait until it serves. */
export async function spawnGateway(t: Scope, options: GatewayOptions = {}): Promise<GatewayProcess> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'imgate-test-')))
  const gateway = new GatewayProcess(dataDir, options)
  t.teardown(async () => {
    if (gateway.isRunning) await gateway.kill()
    if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true })
    if (gateway.mustBeSound) gateway.checkSoundness()
  })
  return gateway
}

/** Starts the real gateway on free ports and waits for its ready line. The test fails at its end when the gateway has
 *  ended by itself or has logged an error. */
export async function startGateway(t: Scope, options: GatewayOptions = {}): Promise<Gateway> {
  const gateway = await spawnGateway(t, options)
  gateway.mustBeSound = true
  const ready = await withDeadline(gateway.ready, () => `the ready line:\n${gateway.output}`, START_MS)
  const { http, tcp } = ready
  if (typeof http !== 'string' || typeof tcp !== 'string') throw new Error(`no addresses in ${JSON.stringify(ready)}`)
  const key = await keyOf(gateway.dataDir, options.env ?? {})
  return { process: gateway, http, tcp, api: new Api(http, key), key, dataDir: gateway.dataDir }
}

/** The key of its API: one that is set, or the one that it has made; none where it needs none. */
async function keyOf(dataDir: string, env: Record<string, string>): Promise<string | undefined> {
  const [set] = env['IMGATE_API_KEYS']?.split(',') ?? []
  if (set !== undefined) return set
  if (env['IMGATE_TRUST_LOOPBACK'] === '1') return undefined
  return (await readFile(join(dataDir, 'first-key'), 'utf8')).trim()
}

/** Ends the gateway by `SIGKILL` and starts it again on the same data. */
export async function killAndRestart(t: Scope, gateway: Gateway, options: GatewayOptions = {}): Promise<Gateway> {
  await gateway.process.kill()
  return await startGateway(t, { ...options, dataDir: gateway.dataDir })
}
