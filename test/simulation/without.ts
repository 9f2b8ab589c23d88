import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type Cure, cures } from './cures.js'
import { Copy } from './cuts.js'
import type { Found } from './search.js'

/*
 * `npm run simulate:cures`: takes out one cure after the other, in a copy of the compiled product, and runs seeds until the
 * simulation finds what was cured. Ends with the code 1 when one is not found in time, or a cut does not fit.
 */

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    from: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
    trace: { type: 'boolean', default: false },
  },
})

const PROJECT = fileURLToPath(new URL('../..', import.meta.url))
const copy = new Copy(PROJECT, join(PROJECT, 'build', 'cures'))
const columns = [
  ['fault', 16],
  ['violated', 18],
  ['seed', 8],
  ['seconds', 8],
  ['cpu s', 6],
  ['schedules', 10],
  ['steps', 9],
  ['cure taken out', 0],
] as const

const row = (cells: readonly unknown[]) =>
  console.log(
    cells
      .map((cell, index) => String(cell).padEnd(columns[index]![1]))
      .join(' ')
      .trimEnd(),
  )

row(columns.map(([name]) => name))
let missed = 0
for (const cure of cures.filter(({ fault }) => values.only.split(',').some(part => fault.includes(part)))) {
  copy.take(cure.cuts)
  const found = JSON.parse(
    await run([
      '--json',
      '--all',
      '--cpu',
      '--seconds',
      values.seconds,
      '--from',
      values.from,
      '--wanted',
      cure.invariants.join(),
    ]),
  ) as Found
  if (found.violations.length === 0) missed++
  show(cure, found)
  if (values.trace && found.violations.length > 0) console.log(await run(['--seed', String(found.seed)]))
}
console.log(missed === 0 ? 'each was found' : `${missed} not found`)
process.exitCode = missed === 0 ? 0 : 1

function show(
  { fault, what, cuts, invariants }: Cure,
  { seed, seconds, cpuSeconds, runs, steps, violations }: Found,
): void {
  const [first] = violations
  const [violated, at] = first === undefined ? ['NOTHING', '-'] : [first.invariant, seed]
  row([fault, violated, at, seconds.toFixed(1), cpuSeconds.toFixed(1), runs, steps, what])
  for (const file of new Set(cuts.map(one => one.file))) row(['', '', '', '', '', '', '', `  in ${file}`])
  if (first === undefined) console.log(`  expected one of: ${invariants.join(', ')}`)
}

/** Runs the simulation of the copy. @returns what it says; a run that finds something ends with the code 1 */
function run(options: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [copy.simulation, ...options], { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk
  })
  return new Promise((resolve, reject) =>
    child.once('close', code => {
      if (said !== '') resolve(said)
      else reject(new Error(`the simulation of the copy ended with the code ${code} and said nothing`))
    }),
  )
}
