import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { eventually } from './support/deadline.js'
import { DEFECTIVE } from './support/defects.js'
import { signIn } from './support/device.js'
import { ErrorCode } from './support/error-codes.js'
import { fence } from './support/fence.js'
import { type LogLine, startGateway } from './support/gateway.js'
import { signInAtEach } from './support/placing.js'

const folder = mkdtempSync(join(tmpdir(), 'imgate-defects-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))
const disk = join(folder, 'full')
const preload = join(dirname(fileURLToPath(import.meta.url)), 'support', 'defects.js')
const ID = /id ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/

const gateway = await startGateway(t, {
  env: { NODE_OPTIONS: `--import=${preload}`, IMGATE_TEST_FULL_DISK: disk },
})
// It logs the defects that this test makes.
gateway.process.mustBeSound = false

/**
 * The line of the log about the id that the caller was told. It comes by another way than the
 * answer.
 */
async function logged(errmsg: string): Promise<LogLine | undefined> {
  const id = ID.exec(errmsg)?.[1]
  if (id === undefined) throw new Error(`no id in ${errmsg}`)
  return await eventually(
    async () => gateway.process.log.find(line => line['id'] === id),
    line => line !== undefined,
    `a line of the log about ${id}`,
  )
}

t.test('a defect in one push of a batch is logged under an id that the caller is told', async t => {
  const device = await signIn(t, gateway, { transport: 'tcp' })
  const { uid } = device
  const { status, body } = await gateway.api.call('/im/push/batch', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify([
      { dim: 'uid', uid, data: 'one' },
      { dim: 'uid', uid, data: DEFECTIVE },
      { dim: 'uid', uid, data: 'three' },
    ]),
  })
  t.equal(status, 200)
  t.match(body.list, [{ code: 0 }, { code: ErrorCode.INTERNAL, errmsg: ID }, { code: 0 }])
  for (let index = 0; index < 2; index += 1) await device.client.next('P2P')
  t.hasStrict(await logged(String(body.list![1]!['errmsg'])), {
    level: 50,
    path: '/im/push/batch',
    index: 1,
    err: { message: 'a defect of a test' },
  })
})

t.test('a change that the store does not take is logged under an id that the caller is told', async t => {
  writeFileSync(disk, '')
  t.teardown(() => rmSync(disk, { force: true }))
  const { status, body } = await gateway.api.call('/im/register', { query: { uid: 1, nation: 1, city: 1, town: 1 } })
  t.equal(status, 503)
  t.equal(body.code, ErrorCode.NOT_SERVING)
  t.match(await logged(body.errmsg), {
    level: 50,
    err: { message: 'a full disk of a test' },
  })
  rmSync(disk)
  t.equal((await gateway.api.register(1)).code, 0, 'the next one is taken again')
})

t.test('a push that the store does not take is for nobody who comes later', async t => {
  writeFileSync(disk, '')
  t.teardown(() => rmSync(disk, { force: true }))
  const { code } = await gateway.api.push('broadcast', { expire: 60 }, 'refused')
  t.equal(code, ErrorCode.NOT_SERVING)
  rmSync(disk)
  // At each worker.
  for (const device of await signInAtEach(t, gateway, ['tcp', 'tcp'])) {
    await fence(gateway, device)
    t.strictSame(device.client.received('BC'), [])
  }
})
