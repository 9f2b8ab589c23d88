// All runs of one case: the variants in turn, run by run, so that a change of the machine's mood meets all of them.
import { measure } from './measure.mjs'

/** @param plan `{ id, name, scenario, settings, variants, runs }`
 *  @param context `{ versions, env, directory, found }`; a version of null: that server is not installed
 *  @returns the case with its `results`: by variant the report of each run, null for a server that is not installed */
export async function runCase(plan, { versions, env, directory, found }) {
  const { id, name, scenario, settings, variants, runs } = plan
  const isThere = ({ server }) => versions[server] !== null
  const results = Object.fromEntries(variants.map(variant => [variant.name, isThere(variant) ? [] : null]))
  for (let run = 1; run <= runs; run++) {
    for (const variant of variants.filter(isThere)) {
      const startedAt = performance.now()
      const told = await measure(variant, scenario, { settings, found, env, directory })
      const report = { ...told, ...scenario.derive?.(told, variant, found) }
      results[variant.name].push(report)
      tell(plan, { run, variant, report, tookMs: performance.now() - startedAt })
    }
  }
  return {
    id,
    name,
    title: scenario.title(settings),
    settings,
    figures: scenario.figures,
    plotted: scenario.plotted ?? scenario.figures[0][0],
    results,
  }
}

/** One line for each run: who waits wants to see that it goes on, and with what result. */
function tell({ id, scenario, runs }, { run, variant, report, tookMs }) {
  const [key] = scenario.figures.find(([figure]) => figure === scenario.plotted) ?? scenario.figures[0]
  const value = Number.isFinite(report[key]) ? `${key} ${Number(report[key].toPrecision(6))}` : `no ${key}`
  const outcome = { 0: '', 3: `, REFUSED: ${report.refused_because}` }[report.exitCode] ?? ', FAILED'
  console.error(`${id}, ${variant.name}, run ${run} of ${runs}: ${value}${outcome} (${(tookMs / 1000).toFixed(1)} s)`)
}
