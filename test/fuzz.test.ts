import t from 'tap'
import { Fuzzer, keptCorpus } from './fuzz/fuzzer.js'
import { targets } from './fuzz/targets.js'
import { seededRandom } from './support/seed.js'

/* The short form of `npm run fuzz`: so many inputs for each target, and all that are kept. */
const INPUTS = 200_000
/** Other tests run beside it. */
const TRIES = 20

for (const [name, target] of Object.entries(targets)) {
  t.test(`${name}: no input breaks it or takes long`, async t => {
    const { seed } = seededRandom(t)
    const found = new Fuzzer(name, target, seed, false, TRIES).run(INPUTS)
    for (const text of found.texts) t.comment(text)
    t.equal(found.crashes, 0, `crashes of ${found.inputs} inputs`)
    t.equal(found.slow, 0, 'inputs over the limit of CPU in three tries')
    t.ok(keptCorpus(name).length > 0, 'its corpus is kept')
  })
}
