import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DgramSocket } from 'node-unix-socket'
import t, { type Test } from 'tap'
import { eventually } from './support/deadline.js'
import { type Device, signIn } from './support/device.js'
import { startGateway } from './support/gateway.js'

/** What a service manager hears. */
class Manager {
  readonly path: string
  readonly heard: string[] = []

  constructor(t: Test) {
    const folder = mkdtempSync(join(tmpdir(), 'imgate-notify-'))
    this.path = join(folder, 'notify')
    const socket = new DgramSocket()
    socket.on('data', (bytes: Buffer) => this.heard.push(...bytes.toString().split('\n')))
    socket.bind(this.path)
    t.teardown(() => {
      socket.close()
      rmSync(folder, { recursive: true })
    })
  }

  /** Resolves when one more such line has come. */
  async hears(line: string): Promise<void> {
    const before = this.heard.filter(one => one === line).length
    await eventually(
      async () => this.heard.filter(one => one === line).length,
      count => count > before,
      `${line} to the service manager`,
    )
  }
}

const WATCHDOG = { WATCHDOG_USEC: '200000' }

t.test('a service manager hears of the start, the watchdog and the stop, and sees exit code 0', async t => {
  const manager = new Manager(t)
  const gateway = await startGateway(t, { env: { NOTIFY_SOCKET: manager.path, ...WATCHDOG } })
  await manager.hears('WATCHDOG=1')
  t.equal(manager.heard[0], 'READY=1')
  const device = await signIn(t, gateway, { transport: 'tcp' })
  t.strictSame(await gateway.process.stop(), { code: 0, signal: null }, gateway.process.output.slice(-2000))
  await device.client.next('KICK')
  await eventually(
    async () => manager.heard,
    heard => heard.includes('STOPPING=1'),
    'STOPPING=1',
  )
  t.equal(manager.heard.filter(line => line === 'STOPPING=1').length, 1)
  t.notOk(gateway.process.output.includes('Assertion'), 'no assertion of the runtime failed')
})

t.test('the watchdog goes on and a stop ends with exit code 0 after workers were replaced', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'imgate-fail-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const order = join(folder, 'worker')
  const preload = join(dirname(fileURLToPath(import.meta.url)), 'support', 'failing-worker.js')
  const manager = new Manager(t)
  const gateway = await startGateway(t, {
    env: {
      NOTIFY_SOCKET: manager.path,
      ...WATCHDOG,
      NODE_OPTIONS: `--import=${preload}`,
      IMGATE_TEST_FAIL_FILE: order,
    },
  })
  // It logs the failures that this test makes.
  gateway.process.mustBeSound = false
  const servesAgain = async () => gateway.process.log.filter(({ msg }) => msg === 'a worker serves again').length
  for (const [round, worker] of [1, 0, 1].entries()) {
    writeFileSync(`${order}.new`, String(worker))
    renameSync(`${order}.new`, order)
    await eventually(servesAgain, count => count === round + 1, `worker ${worker} serves again`)
    await manager.hears('WATCHDOG=1')
  }
  const devices: Device[] = []
  for (let index = 0; index < 8; index += 1) devices.push(await signIn(t, gateway, { transport: 'tcp' }))
  t.strictSame(await gateway.process.stop(), { code: 0, signal: null }, gateway.process.output.slice(-2000))
  for (const { client } of devices) await client.next('KICK')
})
