import { parseArgs } from 'node:util'
import { Fuzzer, INPUT_MS_MAX } from './fuzzer.js'
import { targets } from './targets.js'

/* npm run fuzz -- [--minutes 60] [--inputs N] [--target NAME] [--seed N]
 * All targets share the time; what breaks one is kept in test/fuzz/corpus/. The exit code is 1 when something did. */

const TRIES = 3
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    inputs: { type: 'string' },
    target: { type: 'string' },
    seed: { type: 'string' },
  },
})
const names = Object.keys(targets).filter(name => values.target === undefined || name === values.target)
if (names.length === 0) throw new Error(`there is no target ${values.target}: ${Object.keys(targets).join(' ')}`)
const firstSeed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(values.seed)
const inputsMax = values.inputs === undefined ? Number.POSITIVE_INFINITY : Number(values.inputs) / names.length
const endAt = performance.now() + Number(values.minutes) * 60_000

let [inputs, crashes, slow] = [0, 0, 0]
for (const [index, name] of names.entries()) {
  const msLeft = (endAt - performance.now()) / (names.length - index)
  const found = new Fuzzer(name, targets[name]!, (firstSeed + index) >>> 0, true, TRIES).run(inputsMax, msLeft)
  inputs += found.inputs
  crashes += found.crashes
  slow += found.slow
  const rate = Math.round(found.inputs / (found.tookMs / 1000))
  console.log(
    `${name}: seed ${found.seed}, ${found.inputs} inputs, ${found.crashes} crashes, ` +
      `${found.slow} over ${INPUT_MS_MAX} ms (${found.slowestMs.toFixed(1)} ms at most), ${rate} a second`,
  )
  for (const text of found.texts) console.log(`  ${text}`)
}
console.log(`${inputs} inputs, ${crashes} crashes, ${slow} over ${INPUT_MS_MAX} ms of CPU in ${TRIES} tries`)
process.exitCode = crashes + slow > 0 ? 1 : 0
