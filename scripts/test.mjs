/* Runs the compiled tests (build/, or those whose path holds one of the arguments: `npm test -- room group`), streams
 * tap's output and ends with one line, `N passed, N failed`, that counts assertions. Fails when one failed, when a file
 * crashed or ran out of time, and when there was nothing to run. In CI (CI=true) the gate of the benchmark follows, alone on
 * the machine: each of its ratios counts as one more. */
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
const GATE_TOTALS = /^(\d+) passed, (\d+) failed/

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

/** Runs a program of Node's and shows what it says, but for the line that has its counts. @returns that line and how it ended */
async function run(args, holdsCounts) {
  const child = spawn(process.execPath, args, { cwd: PROJECT, stdio: ['ignore', 'pipe', 'inherit'] })
  let counts = ''
  createInterface({ input: child.stdout }).on('line', line => {
    if (holdsCounts.test(line)) counts = line
    else console.log(line)
  })
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  return { counts, code }
}

/** One that ended badly without a failure of its own is one more. */
const failuresOf = (failed, code) => (code !== 0 && failed === 0 ? 1 : failed)

async function runTap(files) {
  const tap = join(PROJECT, 'node_modules', 'tap', 'dist', 'esm', 'run.mjs')
  const { counts, code } = await run([tap, '--reporter=tap', ...files], TOTALS)
  return { passed: countOf(counts, 'pass'), failed: failuresOf(countOf(counts, 'fail'), code) }
}

/** Whether the gateway has become slower beside a bare server: native-bench/README.md, The gate. */
async function runGate() {
  const { counts, code } = await run([join(PROJECT, 'native-bench', 'gate.mjs')], GATE_TOTALS)
  const [, passed = 0, failed = 0] = GATE_TOTALS.exec(counts) ?? []
  return { passed: Number(passed), failed: failuresOf(Number(failed), code) }
}

const wanted = process.argv.slice(2)
const files = testFiles(wanted)
if (files.length === 0) {
  console.error('There are no tests to run: are they compiled (npm run pretest)?')
  console.log('0 passed, 0 failed')
  process.exitCode = 1
} else {
  const tests = await runTap(files)
  const isGated = process.env.CI === 'true' && wanted.length === 0
  const gate = isGated ? await runGate() : { passed: 0, failed: 0 }
  const failed = tests.failed + gate.failed
  console.log(`${tests.passed + gate.passed} passed, ${failed} failed`)
  process.exitCode = failed > 0 || tests.passed === 0 ? 1 : 0
}
