import t from 'tap'
import { cures } from '../simulation/cures.js'
import { cutFiles } from '../simulation/cuts.js'

/* That each cure can still be taken out; whether it is then found is for `npm run simulate:cures` (docs/simulation.md). */

for (const { fault, cuts } of cures) {
  t.test(`${fault}: its cuts fit the code`, t => {
    t.doesNotThrow(() => cutFiles('dist', cuts))
    t.end()
  })
}

t.test('each has its name', t => {
  t.equal(new Set(cures.map(({ fault }) => fault)).size, cures.length)
  t.end()
})

t.test('a cut that fits nowhere, or twice, is refused', t => {
  const file = 'contract/topics.js'
  t.throws(() => cutFiles('dist', [{ file, from: 'is not there', to: '' }]), /found 0 times/)
  t.throws(() => cutFiles('dist', [{ file, from: 'WORKERS_MAX', to: '' }]), /expected to find once/)
  t.end()
})
