/* Runs the compiled tests (build/), or those whose path holds one of the arguments: `npm test -- room group`. It streams
 * their output and ends with one line, `N passed, N failed`, that counts assertions; what was skipped stands before it.
 * Fails when one failed, when a file crashed or ran out of time, and when there was nothing to run.
 *
 * `npm test -- --install` first installs what the tests need and the machine lacks; so does CI (CI=true). A whole run in
 * CI also lints code and prose, before the tests, and runs the gate of the benchmark, after them and alone on the
 * machine: both linters, and each ratio of the gate, count as one more. */
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { BIOME, capture, ended, PROJECT, TAP } from './processes.mjs'
import { prepare } from './test-prerequisites.mjs'

const BUILD = 'build'
const SUFFIX = '.test.js'
const INSTALL = '--install'
/** tap's last words: `# { total: 12, pass: 7, fail: 4, skip: 1 }`; what is 0 is left out. */
const TOTALS = /^# \{ total: \d+.*\}$/
const GATE_TOTALS = /^(\d+) passed, (\d+) failed/
const LINTERS = [
  { name: 'code and format: npm run lint, npm run format', args: [BIOME, 'check', '--colors=off', '.'] },
  { name: 'prose: npm run lint:prose', args: [join(PROJECT, 'scripts', 'lint-prose.mjs')] },
]

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
async function run(args, holdsCounts, env = {}) {
  const options = { cwd: PROJECT, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] }
  const child = spawn(process.execPath, args, options)
  let counts = ''
  createInterface({ input: child.stdout }).on('line', line => {
    if (holdsCounts.test(line)) counts = line
    else console.log(line)
  })
  return { code: await ended(child), counts }
}

/** One that ended badly without a failure of its own is one more. */
const failuresOf = (failed, code) => (code !== 0 && failed === 0 ? 1 : failed)

/** A single file runs by itself and says the same as under tap's runner, which takes a second or two to start. */
async function runTests(files) {
  const timeoutS = /^timeout: (\d+)$/m.exec(readFileSync(join(PROJECT, '.taprc'), 'utf8'))[1]
  const { counts, code } =
    files.length === 1
      ? await run(files, TOTALS, { TAP_TIMEOUT: timeoutS })
      : await run([TAP, '--reporter=tap', ...files], TOTALS)
  const [passed, failed, skipped] = ['pass', 'fail', 'skip'].map(kind => countOf(counts, kind))
  return { passed, failed: failuresOf(failed, code), skipped }
}

/** Whether the gateway has become slower beside a bare server: native-bench/README.md, The gate. */
async function runGate() {
  const { counts, code } = await run([join(PROJECT, 'native-bench', 'gate.mjs')], GATE_TOTALS)
  const [, passed = 0, failed = 0] = GATE_TOTALS.exec(counts) ?? []
  return { passed: Number(passed), failed: failuresOf(Number(failed), code), skipped: 0 }
}

async function runLinters() {
  let failed = 0
  for (const { name, args } of LINTERS) {
    const { code, output } = await capture(args)
    console.log(code === 0 ? `ok - ${name}` : `${output}\nnot ok - ${name}`)
    if (code !== 0) failed += 1
  }
  return { passed: LINTERS.length - failed, failed, skipped: 0 }
}

const isCi = process.env.CI === 'true'
const wanted = process.argv.slice(2).filter(argument => argument !== INSTALL)
const files = testFiles(wanted)
if (files.length === 0) {
  console.error('There are no tests to run: are they compiled (npm run pretest)?')
  console.log('0 passed, 0 failed')
  process.exitCode = 1
} else {
  prepare({ mayInstall: isCi || process.argv.includes(INSTALL) })
  const isWholeCi = isCi && wanted.length === 0
  const results = []
  if (isWholeCi) results.push(await runLinters())
  const tests = await runTests(files)
  results.push(tests)
  if (isWholeCi) results.push(await runGate())
  const sum = kind => results.reduce((total, result) => total + result[kind], 0)
  if (sum('skipped') > 0) console.log(`${sum('skipped')} skipped`)
  console.log(`${sum('passed')} passed, ${sum('failed')} failed`)
  process.exitCode = sum('failed') > 0 || tests.passed === 0 ? 1 : 0
}
