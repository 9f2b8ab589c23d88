import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { eventually } from './deadline.js'
import { type Gateway, type Scope, startGateway } from './gateway.js'

const preload = join(dirname(fileURLToPath(import.meta.url)), 'failing-worker.js')

/** A gateway whose workers can be made to fail, as by a defect, and what makes one of them fail. */
export async function startFailing(t: Scope, env: Record<string, string> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'imgate-fail-'))
  const order = join(folder, 'worker')
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const gateway = await startGateway(t, {
    env: { ...env, NODE_OPTIONS: `--import=${preload}`, IMGATE_TEST_FAIL_FILE: order },
  })
  // It logs the failures that the test makes.
  gateway.process.mustBeSound = false
  return { gateway, fail: (index: number) => failWorker(gateway, order, index) }
}

/** Resolves when another worker has taken its place. */
async function failWorker(gateway: Gateway, order: string, index: number): Promise<void> {
  const served = () =>
    gateway.process.log.filter(({ msg, worker }) => msg === 'a worker serves again' && worker === index).length
  const before = served()
  writeFileSync(`${order}.new`, String(index))
  renameSync(`${order}.new`, order)
  await eventually(
    async () => served(),
    count => count > before,
    `worker ${index} serves again`,
    30_000,
  )
}
