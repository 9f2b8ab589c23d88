import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { runCommand } from './support/command.js'
import { killAndRestart, startGateway } from './support/gateway.js'

const folder = mkdtempSync(join(tmpdir(), 'imgate-folder-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))
chmodSync(folder, 0o755)
/** A process inherits it: with this one nothing is private by itself. */
process.umask(0)

function modeOf(...path: string[]): string {
  return (statSync(join(...path)).mode & 0o7777).toString(8)
}

const FILES = ['data.mdb', 'first-key', 'lock.mdb']
const OPENED = 'removed access for other users of this machine'

t.test('the data folder and its files are made for the user of the gateway alone', async t => {
  const dataDir = join(folder, 'above', 'data')
  const gateway = await startGateway(t, { dataDir })
  await gateway.api.register(1)
  t.equal(modeOf(dataDir), '700')
  t.equal(modeOf(folder, 'above'), '777', 'the folder above is as the umask says')
  t.strictSame(readdirSync(dataDir).sort(), FILES)
  for (const file of FILES) t.equal(modeOf(dataDir, file), '600', file)
})

t.test('a folder and files that are open to others are closed, and the log says so', async t => {
  const dataDir = join(folder, 'wide')
  const first = await startGateway(t, { dataDir })
  const { sid } = await first.api.register(7)
  await first.process.kill()
  chmodSync(dataDir, 0o755)
  for (const file of FILES) chmodSync(join(dataDir, file), 0o664)
  const second = await killAndRestart(t, first)
  t.equal(modeOf(dataDir), '700')
  for (const file of FILES) t.equal(modeOf(dataDir, file), '600', file)
  t.match(
    second.process.log.filter(({ msg }) => msg === OPENED),
    [
      { path: dataDir, from: '755', to: '700' },
      { path: join(dataDir, 'data.mdb'), from: '664', to: '600' },
      { path: join(dataDir, 'first-key'), from: '664', to: '600' },
      { path: join(dataDir, 'lock.mdb'), from: '664', to: '600' },
    ],
  )
  t.equal((await second.api.iplist(7, sid!, 2)).code, 0, 'with its data')
  const third = await killAndRestart(t, second)
  t.strictSame(
    third.process.log.filter(({ msg }) => msg === OPENED),
    [],
    'said once',
  )
})

t.test('a folder with files of others in it keeps its rights, and the store in it has none for them', async t => {
  const dataDir = join(folder, 'shared')
  mkdirSync(dataDir)
  chmodSync(dataDir, 0o1777)
  writeFileSync(join(dataDir, 'letter.txt'), 'of somebody else')
  const gateway = await startGateway(t, { dataDir })
  t.equal(modeOf(dataDir), '1777')
  t.equal(modeOf(dataDir, 'letter.txt'), '666')
  for (const file of FILES) t.equal(modeOf(dataDir, file), '600', file)
  t.ok(gateway.process.log.some(({ data, level }) => data === dataDir && level === 40))
})

const skip = process.getuid?.() !== 0 && 'only root can give files away'
t.test('a store of another user that is open to all is refused with what to do', { skip }, async t => {
  const dataDir = join(folder, 'foreign')
  const first = await startGateway(t, { dataDir })
  await first.process.stop()
  for (const path of [dataDir, ...FILES.map(file => join(dataDir, file))]) {
    chmodSync(path, 0o777)
    chownSync(path, 1, 1)
  }
  const args = ['--data-dir', dataDir, '--http-port', '0', '--tcp-port', '0']
  for (const command of ['start', 'check']) {
    const { code, stderr } = await runCommand([command, ...args], { asNobody: true })
    t.equal(code, 2, command)
    t.match(stderr, /^imgate: --data-dir: [^\n]*mode 777[^\n]*cannot be made private[^\n]*choose another[^\n]*\n$/)
  }
  t.equal(modeOf(dataDir), '777', 'check has changed nothing')
  const check = await runCommand(['check', ...args])
  t.equal(check.code, 0, check.stderr)
  t.equal(modeOf(dataDir), '777', 'check changes nothing where it could, either')
})
