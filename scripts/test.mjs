/* Runs the compiled tests (build/, or those whose path holds one of the arguments: `npm test -- room group`), streams
 * tap's output and ends with one line, `N passed, N failed`, that counts assertions. Fails when one failed, when a file
 * crashed or ran out of time, and when there was nothing to run. */
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const PROJECT = join(dirname(fileURLToPath(import.meta.url)), '..')
const BUILD = 'build'
const SUFFIX = '.test.js'
/** tap's last words: `# { total: 12, pass: 7, fail: 4, skip: 1 }`; what is 0 is left out. */
const TOTALS = /^# \{ total: \d+.*\}$/

/** The tests whose source still stands; what was compiled from a file that is gone is left alone. */
function testFiles(wanted) {
  if (!existsSync(join(PROJECT, BUILD))) return []
  const hasSource = path => existsSync(join(PROJECT, 'test', path.replace(/\.js$/, '.ts')))
  return readdirSync(join(PROJECT, BUILD), { recursive: true })
    .filter(path => path.endsWith(SUFFIX) && hasSource(path) && statSync(join(PROJECT, BUILD, path)).isFile())
    .filter(path => wanted.length === 0 || wanted.some(part => path.includes(part)))
    .map(path => join(BUILD, path))
    .sort()
}

function countOf(totals, kind) {
  return Number(new RegExp(`\\b${kind}: (\\d+)`).exec(totals)?.[1] ?? 0)
}

/** Runs tap. @returns its counts and how it ended */
async function runTap(files) {
  const tap = join(PROJECT, 'node_modules', 'tap', 'dist', 'esm', 'run.mjs')
  const child = spawn(process.execPath, [tap, '--reporter=tap', ...files], {
    cwd: PROJECT,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let totals = ''
  const lines = createInterface({ input: child.stdout })
  lines.on('line', line => {
    if (TOTALS.test(line)) totals = line
    console.log(line)
  })
  const ended = new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', code => resolve(code))
  })
  const code = await ended
  return { passed: countOf(totals, 'pass'), failed: countOf(totals, 'fail'), code }
}

const files = testFiles(process.argv.slice(2))
if (files.length === 0) {
  console.error('There are no tests to run: are they compiled (npm run pretest)?')
  console.log('0 passed, 0 failed')
  process.exitCode = 1
} else {
  const { passed, failed, code } = await runTap(files)
  // tap that ended badly without a failure of its own is one more.
  const failures = code !== 0 && failed === 0 ? 1 : failed
  console.log(`${passed} passed, ${failures} failed`)
  process.exitCode = failures > 0 || passed === 0 ? 1 : 0
}
