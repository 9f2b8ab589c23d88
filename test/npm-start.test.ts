import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import t, { type Test } from 'tap'
import { PROJECT } from './support/command.js'
import { eventually, withDeadline } from './support/deadline.js'

interface Running {
  readonly child: ChildProcessByStdio<null, Readable, Readable>
  readonly ended: Promise<number | null>
  readonly output: () => string
}

/** Runs npm in a process group of its own, whose number is that of npm. */
function npm(t: Test, folder: string, args: readonly string[], env: Record<string, string> = {}): Running {
  const settings = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', ...env }
  const assignments = Object.entries(settings).map(([name, value]) => `${name}=${value}`)
  const child = spawn('env', ['-i', ...assignments, 'npm', ...args], {
    cwd: folder,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', chunk => {
      output += String(chunk)
    })
  }
  t.teardown(() => {
    if (isGroupAlive(child.pid!)) process.kill(-child.pid!, 'SIGKILL')
  })
  const exited = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', code => resolve(code))
  })
  return { child, ended: withDeadline(exited, () => `the end of npm:\n${output}`, 60_000), output: () => output }
}

function isGroupAlive(group: number): boolean {
  try {
    process.kill(-group, 0)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
    throw error
  }
}

t.test('SIGTERM to npm start drains the gateway and leaves no process behind', async t => {
  const dataDir = mkdtempSync(join(tmpdir(), 'imgate-npm-'))
  t.teardown(() => rmSync(dataDir, { recursive: true, force: true }))
  const env = {
    IMGATE_HTTP_PORT: '0',
    IMGATE_TCP_PORT: '0',
    IMGATE_DATA_DIR: dataDir,
  }
  const { child, ended, output } = npm(t, PROJECT, ['start', '--', '--workers', '1'], env)
  const has = (msg: string) => async () => output().includes(`"msg":"${msg}"`)
  await eventually(has('ready'), Boolean, 'the ready line', 60_000)
  child.kill('SIGTERM')
  await ended
  await eventually(
    async () => isGroupAlive(child.pid!),
    alive => !alive,
    'processes of npm start',
  )
  await eventually(has('stopped'), Boolean, `the end of a drain in ${output()}`)
})

/** A project with our scripts and settings and two small sources. */
function smallProject(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'imgate-build-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  mkdirSync(join(folder, 'src', 'util'), { recursive: true })
  mkdirSync(join(folder, 'scripts'))
  for (const file of ['package.json', 'package-lock.json', 'tsconfig.json', 'src/tsconfig.json', 'scripts/build.mjs'])
    cpSync(join(PROJECT, file), join(folder, file))
  symlinkSync(join(PROJECT, 'node_modules'), join(folder, 'node_modules'))
  writeFileSync(join(folder, 'src', 'main.ts'), "import { word } from './util/word.ts'\nconsole.log(word)\n")
  writeFileSync(join(folder, 'src', 'util', 'word.ts'), "export const word: string = 'first'\n")
  return folder
}

const COMPILED = 'src/ was compiled to dist/'

t.test('npm start builds when something has changed, and only then', async t => {
  const folder = smallProject(t)
  const run = async (...args: string[]) => {
    const { ended, output } = npm(t, folder, args)
    const code = await ended
    return { code, text: output(), isCompiled: output().includes(COMPILED) }
  }
  const [main, word] = [join(folder, 'src', 'main.ts'), join(folder, 'src', 'util', 'word.ts')]
  const output = join(folder, 'dist', 'util', 'word.js')

  // What `npm ci` does.
  t.match(await run('run', 'prepare'), { code: 0, isCompiled: true }, 'the installation builds')
  t.match(await run('start'), { code: 0, isCompiled: false, text: /\nfirst\n/ }, 'the first start does not')

  writeFileSync(word, "export const word: string = 'second'\n")
  t.match(await run('start'), { code: 0, isCompiled: true, text: /\nsecond\n/ }, 'a changed source')
  t.match(await run('start'), { code: 0, isCompiled: false, text: /\nsecond\n/ }, 'built once')

  rmSync(output)
  t.match(await run('start'), { code: 0, isCompiled: true, text: /\nsecond\n/ }, 'an output that is gone')
  writeFileSync(output, "export const word = 'forged'\n")
  t.match(await run('start'), { code: 0, isCompiled: true, text: /\nsecond\n/ }, 'an output that was changed')
  rmSync(join(folder, 'dist'), { recursive: true })
  t.match(await run('start'), { code: 0, isCompiled: true, text: /\nsecond\n/ }, 'no dist at all')

  rmSync(word)
  writeFileSync(main, "console.log('third')\n")
  t.match(await run('start'), { code: 0, isCompiled: true, text: /\nthird\n/ }, 'a source that is gone')
  t.notOk(existsSync(output), 'and what came of it is gone')

  writeFileSync(main, "const n: number = 'fourth'\nconsole.log(n)\n")
  const failed = await run('start')
  t.not(failed.code, 0, 'a source with an error')
  t.match(failed.text, /TS2322/)
  t.notMatch(failed.text, /\nfourth\n/, 'is not started')
  t.not((await run('start')).code, 0, 'and not the next time either')

  writeFileSync(main, "console.log('fifth')\n")
  const settings = join(folder, 'src', 'tsconfig.json')
  t.match(await run('start'), { code: 0, isCompiled: true, text: /\nfifth\n/ })
  writeFileSync(settings, readFileSync(settings, 'utf8').replace('{', '{ '))
  t.match(await run('start'), { code: 0, isCompiled: true }, 'a changed setting')
})
