/* What to run before a commit: lint, prose, the types of src and test, then the unit tests. It compiles only what has
 * changed, starts no gateway, and shows the output of what failed. */
import { readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { BIOME, capture, PROJECT, TSC } from './processes.mjs'

const UNIT_TESTS = join('build', 'unit')
/** The unit tests that take longest, and therefore start first. */
const LONGEST = ['statis', 'fanout', 'ranking', 'protocol']

let failures = 0

async function check(name, args) {
  const from = performance.now()
  const { code, output } = await capture(args)
  const tookMs = Math.round(performance.now() - from)
  if (code !== 0) failures += 1
  console.log(code === 0 ? `ok      ${name} (${tookMs} ms)` : `${output.trimEnd()}\nFAILED  ${name} (${tookMs} ms)`)
  return code === 0
}

function unitTests() {
  const rank = name => (LONGEST.indexOf(name) + 1 || LONGEST.length + 1) - 1
  const names = readdirSync(join(PROJECT, 'test', 'unit')).filter(file => file.endsWith('.test.ts'))
  return names.map(file => file.replace('.test.ts', '')).sort((one, other) => rank(one) - rank(other))
}

/** Works off the jobs, one for each processor at a time. */
async function runAll(jobs) {
  const runNext = async () => {
    for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) await check(...job)
  }
  await Promise.all(Array.from({ length: availableParallelism() }, runNext))
}

const linters = runAll([
  ['lint', [BIOME, 'check', '.']],
  ['prose', [join(PROJECT, 'scripts', 'lint-prose.mjs')]],
])
// Each file by itself: tap's runner would take longer than most of them.
if (await check('types', [TSC, '-b', 'src', 'test'])) {
  await runAll(unitTests().map(name => [`test/unit/${name}`, [join(UNIT_TESTS, `${name}.test.js`)]]))
}
await linters
console.log(failures === 0 ? 'All is well.' : `${failures} failed`)
process.exitCode = failures === 0 ? 0 : 1
