// The results: printed, and as files: results.json for programs, results.md and results.svg for people.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { plot } from './plot.mjs'
import { judged, reachTable } from './reach.mjs'
import { ratioOf, soundness, summaryOf } from './summary.mjs'
import { table } from './table.mjs'
import { YARDSTICK } from './variants.mjs'

/** A case as results.json has it: of each variant the medians, the spread, the ratios, and the figures of the single runs. */
function summaryOfCase({ id, name, title, settings, figures, plotted, results }) {
  const variants = Object.entries(results).map(([variant, reports]) => {
    if (reports === null) return [variant, null]
    const sums = figures.map(([key, , , isCompared]) => {
      const sum = summaryOf(reports, key)
      const others = isCompared && variant !== YARDSTICK ? (results[YARDSTICK] ?? []) : []
      return [key, sum && { ...sum, ratio: ratioOf(reports, others, key)?.median }]
    })
    const { refusedBecause, ...counts } = soundness(reports)
    return [
      variant,
      {
        ...counts,
        ...(refusedBecause.length > 0 ? { refusedBecause: refusedBecause.join('; ') } : {}),
        figures: Object.fromEntries(sums.filter(([, sum]) => sum)),
        single: reports.map(report => ({
          exitCode: report.exitCode,
          ...Object.fromEntries(figures.map(([key]) => [key, report[key]])),
        })),
      },
    ]
  })
  return {
    id,
    scenario: name,
    title,
    settings: Object.fromEntries(Object.entries(settings).filter(([, value]) => typeof value === 'number')),
    plotted,
    figures: figures.map(([key, heading, digits]) => ({ key, heading, digits })),
    variants: Object.fromEntries(variants),
  }
}

const remarks = ({ results }) =>
  Object.entries(results).flatMap(([variant, reports]) => {
    if (reports === null) return []
    const { runs, refused, refusedBecause, failed } = soundness(reports)
    return [
      ...(refused > 0 ? [`REFUSED: ${refused} of ${runs} runs of ${variant}: ${refusedBecause.join('; ')}.`] : []),
      ...(failed > 0 ? [`FAILED: ${failed} of ${runs} runs of ${variant}.`] : []),
    ]
  })

/** One case: its title, its table, and what is wrong with the figures. */
const section = one => [`### ${one.title}`, table(one.figures, one.results), ...remarks(one)].join('\n\n')

const provenance = ({ machine: m, commit, placement, versions, runs, tookS }) => {
  const servers = Object.entries(versions).map(([name, version]) => `${name} ${version ?? '(not installed)'}`)
  return (
    `${m.processor}, ${m.cores} cores, ${m.memoryGib} GiB, Linux ${m.kernel}, Node ${m.node}, ${m.date}; ` +
    `server on CPU ${placement.server ?? 'any'}, client on CPU ${placement.client ?? 'any'}; ${servers.join(', ')}` +
    `${commit ? `; commit ${commit}` : ''}; interleaved runs of each: ${runs}, all in ${tookS} s`
  )
}

/** @param run `{ machine, commit, placement, versions, runs, isFull, tookS, cases }` */
export function printed(run) {
  const reach = reachTable(run)
  const parts = [...(reach === '' ? [] : ['## Reach', reach]), '## Scenarios', ...run.cases.map(section)]
  return [provenance(run), ...parts].join('\n\n')
}

export async function writeResults(folder, run) {
  await mkdir(folder, { recursive: true })
  const { cases: _cases, ...about } = run
  const cases = run.cases.map(summaryOfCase)
  const text = `${JSON.stringify({ ...about, reach: judged(run), cases }, null, 2)}\n`
  await writeFile(join(folder, 'results.json'), text)
  await writeFile(join(folder, 'results.md'), `${['# Results', printed(run), '![plot](results.svg)'].join('\n\n')}\n`)
  await writeFile(join(folder, 'results.svg'), plot(cases))
}
