import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type CommandOptions, PROJECT, runCommand } from './support/command.js'
import { startGateway } from './support/gateway.js'

const folder = mkdtempSync(join(tmpdir(), 'imgate-options-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))
/** Others may go in, and nobody but the owner may write. */
chmodSync(folder, 0o755)

function fileOf(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

const text = fileOf('text', 'no database')
const FREE = ['--http-port', '0', '--tcp-port', '0', '--data-dir', join(folder, 'data'), '--workers', '1']

interface Case {
  readonly what: string
  /** What the line has to name the option by. */
  readonly named: readonly string[]
  /** Before them stand flags that are right. */
  readonly args?: readonly string[]
  readonly file?: unknown
  readonly options?: CommandOptions
}

const wrong: readonly Case[] = [
  { what: 'an unknown flag', args: ['--http-prot', '1'], named: ['--http-prot', '--http-port'] },
  { what: 'a flag without a value', args: ['--workers'], named: ['--workers'] },
  { what: 'a word too many', args: ['now'], named: ['arguments'] },
  { what: 'a value out of bounds in a flag', args: ['--workers', '0'], named: ['--workers', '"0"'] },
  {
    what: 'a value out of bounds in a variable',
    options: { env: { IMGATE_LOGIN_TIMEOUT_MS: 'long' } },
    named: ['IMGATE_LOGIN_TIMEOUT_MS', '"long"'],
  },
  { what: 'a value out of bounds in the file', file: { roomCap: 0 }, named: ['roomCap', 'config.json'] },
  { what: 'an unknown key in the file', file: { roomCup: 1 }, named: ['roomCup', 'config.json'] },
  { what: 'a file that is not there', args: ['--config', '/nowhere/c.json'], named: ['--config', '/nowhere/c.json'] },
  { what: 'a file that is no JSON', args: ['--config', fileOf('no\n.json', '{\n  "a": ]\n}')], named: ['--config'] },
  { what: 'equal ports in flags', args: ['--http-port', '7', '--tcp-port', '7'], named: ['--http-port', '--tcp-port'] },
  { what: 'an IP database that is none', args: ['--ip-database', text], named: ['--ip-database', text] },
  {
    what: 'an IP database that is not there',
    options: { env: { IMGATE_IP_DATABASE: '/nowhere.mmdb' } },
    named: ['IMGATE_IP_DATABASE', '/nowhere.mmdb'],
  },
  { what: 'a data folder that cannot be made', args: ['--data-dir', '/proc/imgate'], named: ['--data-dir', '/proc'] },
  { what: 'a data folder that is a file', args: ['--data-dir', text], named: ['--data-dir', text] },
  { what: 'a data folder below a file', args: ['--data-dir', join(text, 'x')], named: ['--data-dir', text] },
  {
    what: 'an address that others reach, where loopback is trusted',
    args: ['--http-host', '0.0.0.0', '--trust-loopback', '1'],
    named: ['--http-host', '--trust-loopback'],
  },
  {
    what: 'such an address for raw TCP',
    options: { env: { IMGATE_TRUST_LOOPBACK: '1', IMGATE_TCP_HOST: '::' } },
    named: ['IMGATE_TCP_HOST', 'IMGATE_TRUST_LOOPBACK'],
  },
  { what: 'neither yes nor no', file: { trustLoopback: 'yes' }, named: ['trustLoopback', '"yes"'] },
  { what: 'an address with a port', args: ['--advertise-host', '203.0.113.1:80'], named: ['--advertise-host'] },
  { what: 'a bad key', file: { apiKeys: ['secret', ''] }, named: ['apiKeys'] },
]

/** The same as a user who may do nothing: only root can try. */
const unprivileged: readonly Case[] = [
  {
    what: 'a data folder without the right to make it',
    args: ['--data-dir', join(folder, 'x')],
    named: ['--data-dir'],
  },
  { what: 'a port without the right to it', args: ['--http-port', '81'], named: ['--http-port', '81'] },
]

async function isRefused(t: Test, command: 'start' | 'check', { args = [], file, named, options = {} }: Case) {
  const config = file === undefined ? [] : ['--config', fileOf('config.json', JSON.stringify(file))]
  const { code, stdout, stderr } = await runCommand([command, ...FREE, ...config, ...args], options)
  t.equal(code, 2, `${command}: exit code`)
  t.equal(stdout, '', `${command}: nothing on standard output`)
  t.match(stderr, /^imgate: [^\n]+\n$/, `${command}: one line on standard error`)
  t.notMatch(stderr, /\bat \S+:\d+|secret/, `${command}: no stack and no key in it`)
  for (const name of named) t.ok(stderr.includes(name), `${command} names ${name}: ${stderr}`)
}

for (const one of wrong) {
  t.test(`${one.what} is a wrong option: exit code 2 and one line`, async t => {
    for (const command of ['start', 'check'] as const) await isRefused(t, command, one)
  })
}

const isRoot = process.getuid?.() === 0
const firstFreePort = Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8'))
for (const one of unprivileged) {
  const skip = (!isRoot && 'only root can give up rights') || (firstFreePort <= 81 && 'every port is free to all')
  t.test(`${one.what} is a wrong option: exit code 2 and one line`, { skip }, async t => {
    const options = { asNobody: true }
    const dataDir = join(folder, 'of-nobody')
    mkdirSync(dataDir, { recursive: true })
    chownSync(dataDir, 65534, 65534)
    const args = ['--data-dir', dataDir, ...one.args!]
    for (const command of ['start', 'check'] as const) await isRefused(t, command, { ...one, args, options })
  })
}

t.test('an unknown command, and none at all, end with exit code 2', async t => {
  for (const args of [['serve'], []]) {
    const { code, stdout, stderr } = await runCommand(args)
    t.equal(code, 2, args.join(' '))
    t.equal(stdout, '')
    t.match(stderr, /imgate/)
  }
})

t.test('help and version end with exit code 0', async t => {
  for (const args of [['--help'], ['start', '--help'], ['--version']]) t.equal((await runCommand(args)).code, 0)
})

t.test('a port that somebody has is no wrong option, and check passes beside the gateway that has it', async t => {
  const gateway = await startGateway(t)
  const args = ['--http-port', gateway.http.split(':')[1]!, '--tcp-port', gateway.tcp.split(':')[1]!]
  const other = [...args, '--data-dir', join(folder, 'other')]
  const start = await runCommand(['start', ...other])
  t.equal(start.code, 1)
  t.match(start.stderr, /^imgate: --http-port: [^\n]*EADDRINUSE[^\n]*\n$/)
  const check = await runCommand(['check', ...args, '--data-dir', gateway.dataDir])
  t.equal(check.code, 0, check.stderr)
})

t.test('an address that this machine does not have is no wrong option: it may come', async t => {
  for (const command of ['start', 'check']) {
    const { code, stderr } = await runCommand([command, ...FREE, '--tcp-host', '203.0.113.9'])
    t.equal(code, 1, command)
    t.match(stderr, /^imgate: --tcp-host: [^\n]*EADDRNOTAVAIL[^\n]*\n$/)
  }
})

t.test('check prints the options without the keys, names unknown variables and leaves nothing behind', async t => {
  const dataDir = join(folder, 'a', 'b')
  const env = { IMGATE_API_KEYS: 'secret', IMGATE_HTTP_PROT: '1' }
  const { code, stdout, stderr } = await runCommand(['check', ...FREE, '--data-dir', dataDir], { env })
  t.equal(code, 0)
  t.match(JSON.parse(stdout), { dataDir, httpPort: 0, apiKeys: ['***'] })
  t.equal(stderr, 'imgate: IMGATE_HTTP_PROT: unknown option\n')
  t.notOk(existsSync(join(folder, 'a')), 'the folder is not there')
  const used = mkdtempSync(join(folder, 'used-'))
  t.equal((await runCommand(['check', ...FREE, '--data-dir', used])).code, 0)
  t.strictSame(readdirSync(used), [], 'the folder is empty')
})

t.test('systemd does not start the service again after a wrong option', async t => {
  const unit = readFileSync(join(PROJECT, 'systemd', 'imgate.service'), 'utf8')
  t.match(unit, /^RestartPreventExitStatus=2$/m)
})
