import { parseArgs } from 'node:util'
import { knownFaults } from './known.js'
import { runSeed, unknownOf } from './run.js'
import { type Found, search } from './search.js'
import { type Invariant, invariants } from './violations.js'

/* `npm run simulate`: runs seeds until the time is over or one fails; with --seed that one alone, with its trace. */

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    /** Ends after so many steps of all runs, whatever the time. */
    total: { type: 'string', default: '0' },
    seed: { type: 'string' },
    from: { type: 'string' },
    /** The seconds are those of a processor: the machine has others to serve. */
    cpu: { type: 'boolean', default: false },
    steps: { type: 'string', default: '300' },
    workers: { type: 'string', default: '0' },
    all: { type: 'boolean', default: false },
    go: { type: 'boolean', default: false },
    /** Only these invariants count, with commas between them. */
    wanted: { type: 'string' },
    /** One line of JSON at the end, and the first failure is the last. */
    json: { type: 'boolean', default: false },
  },
})
const steps = Number(values.steps)
const workers = Number(values.workers)
const wanted = values.wanted?.split(',')
const others = Object.keys(invariants).filter(invariant => wanted?.includes(invariant) === false) as Invariant[]
const known = [...(values.all ? [] : knownFaults), { part: 'not wanted', invariants: others }]

if (values.seed !== undefined) await replay(Number(values.seed))
else await run()

/** One run again, told step by step. */
async function replay(seed: number): Promise<void> {
  const { trace, violations, hash } = await runSeed({ seed, steps, workers, isTraced: true })
  for (const line of trace) console.log(line)
  for (const { invariant, text } of violations) console.log(`\n${invariant}: ${text}`)
  console.log(`\nseed ${seed}, ${steps} steps: ${violations.length} violations, hash ${hash.toString(16)}`)
  process.exitCode = unknownOf(violations, known).length > 0 ? 1 : 0
}

async function run(): Promise<void> {
  let failures = 0
  const found = await search({
    from: values.from === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.from),
    seconds: Number(values.seconds),
    isOfCpu: values.cpu,
    stepsMax: Number(values.total),
    steps,
    workers,
    known,
    onFailure(seed, violations) {
      failures++
      process.exitCode = 1
      if (values.json) return false
      console.log(`seed ${seed}:`)
      for (const { invariant, text } of violations) console.log(`  ${invariant}: ${text}`)
      if (!values.go)
        console.log(`\nread it with: npm run simulate -- --seed ${seed} --steps ${steps} --workers ${workers}`)
      return values.go
    },
  })
  if (values.json) console.log(JSON.stringify(found))
  else summarize(found, failures)
}

function summarize({ runs, steps: taken, seconds, times }: Found, failures: number): void {
  for (const [invariant, count] of Object.entries(times)) console.log(`${invariant}: ${count} times`)
  const minutes = seconds / 60
  console.log(
    `${runs} schedules, ${taken} steps: ${Math.round(runs / minutes)} and ${Math.round(taken / minutes)} a minute`,
  )
  console.log(`${failures} of them violated something that no known fault brings about`)
}
