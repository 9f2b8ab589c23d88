import { parseArgs } from 'node:util'
import { knownFaults } from './known.js'
import { runSeed, unknownOf } from './run.js'

/* `npm run simulate`: runs seeds until the time is over or one fails; with --seed that one alone, with its trace. */

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string' },
    from: { type: 'string' },
    steps: { type: 'string', default: '300' },
    workers: { type: 'string', default: '0' },
    all: { type: 'boolean', default: false },
    go: { type: 'boolean', default: false },
  },
})
const steps = Number(values.steps)
const workers = Number(values.workers)
const known = values.all ? [] : knownFaults

if (values.seed !== undefined) await replay(Number(values.seed))
else await search()

/** One run again, told step by step. */
async function replay(seed: number): Promise<void> {
  const { trace, violations, hash } = await runSeed({ seed, steps, workers, isTraced: true })
  for (const line of trace) console.log(line)
  for (const { invariant, text } of violations) console.log(`\n${invariant}: ${text}`)
  console.log(`\nseed ${seed}, ${steps} steps: ${violations.length} violations, hash ${hash.toString(16)}`)
  process.exitCode = unknownOf(violations, known).length > 0 ? 1 : 0
}

async function search(): Promise<void> {
  const startedAt = performance.now()
  const seconds = Number(values.seconds)
  let seed = values.from === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.from)
  let [runs, taken] = [0, 0]
  const found = new Map<string, number>()
  for (; performance.now() - startedAt < seconds * 1000; seed++) {
    const outcome = await runSeed({ seed, steps, workers, isTraced: false })
    runs++
    taken += outcome.steps
    const violations = unknownOf(outcome.violations, known)
    for (const { invariant } of outcome.violations) found.set(invariant, (found.get(invariant) ?? 0) + 1)
    if (violations.length === 0) continue
    console.log(`seed ${seed}:`)
    for (const { invariant, text } of violations) console.log(`  ${invariant}: ${text}`)
    process.exitCode = 1
    if (values.go) continue
    console.log(`\nread it with: npm run simulate -- --seed ${seed} --steps ${steps} --workers ${workers}`)
    break
  }
  const minutes = (performance.now() - startedAt) / 60_000
  for (const [invariant, times] of found) console.log(`${invariant}: ${times} times`)
  console.log(
    `${runs} schedules, ${taken} steps: ${Math.round(runs / minutes)} and ${Math.round(taken / minutes)} a minute`,
  )
}
