// The Markdown that shows the results of one scenario.
import { summarize, usable } from './summary.mjs'

export const NOT_INSTALLED = 'not installed'

/** Two servers side by side with their ratio; more of them in rows, as many columns are hard to read.
 *  @param results reports of the client by server name, one for each run; null for a server that is not installed */
export function table(figures, results) {
  return Object.keys(results).length > 2 ? serversInRows(figures, results) : serversInColumns(figures, results)
}

function serversInColumns(figures, results) {
  const servers = Object.keys(results)
  const [first, second] = servers
  const heading = [
    '',
    ...servers.map(name => `${name}, median (min to max)`),
    ...(second ? [`${first} / ${second}`] : []),
  ]
  const rows = figures.map(([key, title, digits, isCompared]) => {
    const sums = servers.map(name => sumOf(results[name], key))
    const ratio = isCompared && sums[0] && sums[1]?.median > 0 ? (sums[0].median / sums[1].median).toFixed(2) : ''
    const cells = sums.map((sum, i) => (results[servers[i]] === null ? NOT_INSTALLED : show(sum, digits)))
    return [title, ...cells, ...(second ? [ratio] : [])]
  })
  return markdown([heading, ...rows])
}

function serversInRows(figures, results) {
  const rows = Object.entries(results).map(([name, reports]) =>
    reports === null
      ? [name, NOT_INSTALLED, ...figures.slice(1).map(() => '')]
      : [name, ...figures.map(([key, , digits]) => show(sumOf(reports, key), digits))],
  )
  return markdown([['median (min to max)', ...figures.map(([, title]) => title)], ...rows])
}

const sumOf = (reports, key) => (reports === null ? undefined : summarize(usable(reports).map(report => report[key])))

const markdown = ([heading, ...rows]) =>
  [heading, heading.map(() => '---'), ...rows].map(row => `| ${row.join(' | ')} |`).join('\n')

function show(sum, digits) {
  if (!sum) return 'n/a'
  const text = value => value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })
  return sum.min === sum.max ? text(sum.median) : `${text(sum.median)} (${text(sum.min)} to ${text(sum.max)})`
}
