// The results as files: results.json for programs, results.md and results.svg for people.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { plot } from './plot.mjs'
import { soundness, summarize, usable } from './summary.mjs'
import { table } from './table.mjs'

/** Fewer runs show no spread worth the name. */
export const RUNS_MIN = 5

function summaryOf({ name, title, figures, plotted = figures[0][0], results }) {
  const servers = Object.entries(results).map(([server, reports]) => {
    if (reports === null) return [server, null]
    const medians = figures.map(([key]) => [key, summarize(usable(reports).map(report => report[key]))])
    return [server, { ...soundness(reports), figures: Object.fromEntries(medians.filter(([, sum]) => sum)) }]
  })
  return {
    name,
    title,
    plotted,
    figures: figures.map(([key, heading, digits]) => ({ key, heading, digits })),
    servers: Object.fromEntries(servers),
  }
}

const remarks = ({ results }) =>
  Object.entries(results).flatMap(([server, reports]) => {
    if (reports === null) return []
    const { runs, refused, refusedBecause, failed } = soundness(reports)
    return [
      ...(refused > 0 ? [`REFUSED: ${refused} of ${runs} runs of ${server}: ${refusedBecause.join('; ')}.`] : []),
      ...(failed > 0 ? [`FAILED: ${failed} of ${runs} runs of ${server}.`] : []),
    ]
  })

/** One scenario: its title, its table, and what is wrong with the figures. */
export const section = scenario =>
  [`### ${scenario.title}`, table(scenario.figures, scenario.results), ...remarks(scenario)].join('\n\n')

export const provenance = ({ machine: m, commit, placement, versions }) => {
  const servers = Object.entries(versions).map(([name, version]) => `${name} ${version ?? '(not installed)'}`)
  return (
    `${m.processor}, ${m.cores} cores, ${m.memoryGib} GiB, Linux ${m.kernel}, Node ${m.node}, ${m.date}; ` +
    `server on CPU ${placement.server ?? 'any'}, client on CPU ${placement.client ?? 'any'}; ${servers.join(', ')}` +
    `${commit ? `; commit ${commit}` : ''}`
  )
}

/** @param run `{ machine, commit, placement, versions, options, scenarios }` */
export async function writeResults(folder, run) {
  await mkdir(folder, { recursive: true })
  const scenarios = run.scenarios.map(summaryOf)
  // Where the files lie says nothing of the run, only of the machine's folders.
  const { json: _json, results: _results, ...options } = run.options
  const markdown = ['# Results', provenance(run), ...run.scenarios.map(section), '![plot](results.svg)'].join('\n\n')
  await writeFile(join(folder, 'results.json'), `${JSON.stringify({ ...run, options, scenarios }, null, 2)}\n`)
  await writeFile(join(folder, 'results.md'), `${markdown}\n`)
  await writeFile(join(folder, 'results.svg'), plot(scenarios))
}
