// npm run bench: starts imgate and its peers in turn, lets the native client measure them, prints Markdown tables.
// See README.md for what is measured and when a result is refused.
import process from 'node:process'
import { readArguments, UsageError } from './run/arguments.mjs'
import { missingClient } from './run/build.mjs'
import { findings } from './run/findings.mjs'
import { runCase } from './run/interleave.mjs'
import { commit, machine } from './run/machine.mjs'
import { placementOf } from './run/placement.mjs'
import { killAll } from './run/processes.mjs'
import { printed, writeResults } from './run/results.mjs'
import { scenarios } from './run/scenarios/index.mjs'
import { servers } from './run/servers.mjs'
import { casesOf } from './run/settings.mjs'
import { REFUSED } from './run/summary.mjs'
import { makeFolder, removeAllFolders, removeFolder } from './run/temporary.mjs'
import { beforeOf, imgate, YARDSTICK } from './run/variants.mjs'

process.on('exit', () => {
  killAll()
  removeAllFolders()
})
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130))

/** What there is to do, case by case. */
function plansFor(names, { serverNames, runs, asked, isQuick, before }) {
  const plans = names.flatMap(name => {
    const scenario = scenarios[name]
    return casesOf(name, scenario, { asked, isQuick }).map(({ id, settings }) => {
      const asked = scenario.variants(settings).filter(({ server }) => serverNames.includes(server))
      const chosen = isQuick ? briefly(asked) : asked
      const variants = before === undefined ? chosen : chosen.flatMap(one => withBefore(one, before))
      return { id, name, scenario, settings, variants, runs: scenario.runs?.(runs) ?? runs }
    })
  })
  return plans.filter(({ variants }) => variants.length > 0)
}

const withBefore = (variant, root) =>
  variant.server === imgate.server ? [beforeOf(variant, root), variant] : [variant]

/** Of several only the two of most interest: each costs time. */
function briefly(variants) {
  const few = variants.filter(({ name }) => name === imgate.name || name === YARDSTICK)
  return few.length > 0 ? few : variants
}

/** One run of what others need and nobody asked for; it is not shown. */
function prerequisites(names, args) {
  const needed = names.flatMap(name => (scenarios[name].needs ?? []).map(need => ({ need, by: scenarios[name] })))
  return needed
    .filter(({ need }) => !names.includes(need))
    .flatMap(({ need, by }) => {
      const served = by.variants({}).map(({ name }) => name)
      const { members, publishers, payload } = args.asked
      const asked = Object.fromEntries(Object.entries({ members, publishers, payload }).filter(([, value]) => value))
      const plans = plansFor([need], { ...args, asked, runs: 1, isQuick: false })
      return plans.map(plan => ({ ...plan, variants: plan.variants.filter(({ name }) => served.includes(name)) }))
    })
}

/** Which version of each server will be measured; null: it is not installed. */
async function prepare(plans) {
  const names = Object.keys(servers).filter(name =>
    plans.some(({ variants }) => variants.some(({ server }) => server === name)),
  )
  const versions = {}
  for (const name of names) versions[name] = (await servers[name].prepare()) ?? null
  return versions
}

/** 1 when anything failed, 3 when anything was refused, else 0. */
function exitCodeOf(cases) {
  const reports = cases.flatMap(({ results }) => Object.values(results).flatMap(list => list ?? []))
  const codes = reports.map(report => report.exitCode)
  if (codes.some(code => code !== 0 && code !== REFUSED)) return 1
  return codes.includes(REFUSED) ? REFUSED : 0
}

async function main() {
  const args = readArguments(process.argv.slice(2))
  const missing = await missingClient()
  if (missing !== undefined) throw new Error(missing)

  const before = prerequisites(args.names, args)
  const plans = plansFor(args.names, args)
  if (plans.length === 0) throw new UsageError(`none of ${args.serverNames.join(', ')} can do ${args.names.join(', ')}`)
  const versions = await prepare([...before, ...plans])
  const directory = await makeFolder()
  const cases = []
  const startedAt = performance.now()
  // What is committed while it runs is not what runs.
  const measured = commit()
  const found = findings(cases)
  const context = { versions, env: args.env, directory, found: found.median }
  try {
    for (const plan of [...before, ...plans]) cases.push(await runCase(plan, context))
  } finally {
    await removeFolder(directory)
  }

  const shown = cases.slice(before.length)
  const run = {
    machine: machine(),
    commit: measured,
    placement: placementOf(),
    versions,
    runs: args.runs,
    isFull: args.isFull,
    tookS: Math.round((performance.now() - startedAt) / 1000),
    cases: shown,
  }
  console.log(printed(run))
  if (args.resultsFolder !== undefined) await writeResults(args.resultsFolder, run)
  return exitCodeOf(shown)
}

try {
  process.exitCode = await main()
} catch (error) {
  console.error(error.message)
  process.exitCode = error instanceof UsageError ? 2 : 1
}
