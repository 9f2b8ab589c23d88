// The Markdown that shows the results of one case.
import { ratioOf, summaryOf } from './summary.mjs'
import { comparedWith, isBefore, YARDSTICK } from './variants.mjs'

const NOT_INSTALLED = 'not installed'

/** Aligned, so that it can be read as it is, and as the formatter of this repository has it. */
export function markdown([heading, ...rows]) {
  const widths = heading.map((_, i) => Math.max(3, ...[heading, ...rows].map(row => row[i].length)))
  const line = cells => `| ${cells.map((cell, i) => cell.padEnd(widths[i])).join(' | ')} |`
  return [line(heading), line(widths.map(width => '-'.repeat(width))), ...rows.map(line)].join('\n')
}

/** A row for each variant; of a single variant a row for each figure.
 *  @param results reports by variant, one for each run; null for a server that is not installed */
export function table(figures, results) {
  return Object.keys(results).length > 1 ? variantsInRows(figures, results) : figuresInRows(figures, results)
}

/** A column for each figure, and beside a compared one its ratio to the yardstick. */
function variantsInRows(figures, results) {
  const isComparing = Object.keys(results).some(name => comparedWith(name, results) !== undefined)
  const columns = figures.flatMap(figure => [
    valueColumn(figure),
    ...(figure[3] && isComparing ? [ratioColumn(figure, results)] : []),
  ])
  const rows = Object.entries(results).map(([name, reports]) =>
    reports === null
      ? [name, NOT_INSTALLED, ...columns.slice(1).map(() => '')]
      : [name, ...columns.map(({ cell }) => cell(reports, name))],
  )
  return markdown([['median (min to max)', ...columns.map(({ heading }) => heading)], ...rows])
}

function figuresInRows(figures, results) {
  const [[name, reports]] = Object.entries(results)
  const rows = figures.map(([key, heading, digits]) => [
    heading,
    reports === null ? NOT_INSTALLED : show(summaryOf(reports, key), digits),
  ])
  return markdown([['median (min to max)', name], ...rows])
}

const valueColumn = ([key, heading, digits]) => ({ heading, cell: reports => show(summaryOf(reports, key), digits) })

const ratioColumn = ([key], results) => ({
  heading: Object.keys(results).some(isBefore) ? '/ before' : `/ ${YARDSTICK}`,
  cell: (reports, name) => {
    const others = comparedWith(name, results)
    const ratio = others === undefined ? undefined : ratioOf(reports, others, key)
    return ratio === undefined ? '' : ratio.median.toFixed(2)
  },
})

function show(sum, digits) {
  if (!sum) return 'n/a'
  const text = value => value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })
  return sum.min === sum.max ? text(sum.median) : `${text(sum.median)} (${text(sum.min)} to ${text(sum.max)})`
}
