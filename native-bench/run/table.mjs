// Medians, spreads and the Markdown that shows them.
import { cpus, release, totalmem } from 'node:os'
import process from 'node:process'

export function summarize(values) {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b)
  if (sorted.length === 0) return undefined
  const middle = sorted.length >> 1
  const median = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  return { median, min: sorted[0], max: sorted[sorted.length - 1] }
}

/** @param results reports of the client by server name, one for each run */
export function table(figures, results) {
  const servers = Object.keys(results)
  const [first, second] = servers
  const heading = [
    '',
    ...servers.map(name => `${name}, median (min to max)`),
    ...(second ? [`${first} / ${second}`] : []),
  ]
  const rows = figures.map(([key, title, digits, isCompared]) => {
    const sums = servers.map(name => summarize(results[name].map(report => report[key])))
    const ratio = isCompared && sums[0] && sums[1]?.median > 0 ? (sums[0].median / sums[1].median).toFixed(2) : ''
    return [title, ...sums.map(sum => show(sum, digits)), ...(second ? [ratio] : [])]
  })
  return [heading, heading.map(() => '---'), ...rows].map(row => `| ${row.join(' | ')} |`).join('\n')
}

function show(sum, digits) {
  if (!sum) return 'n/a'
  const text = value => value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })
  return sum.min === sum.max ? text(sum.median) : `${text(sum.median)} (${text(sum.min)} to ${text(sum.max)})`
}

export function machine() {
  const all = cpus()
  return {
    processor: all[0]?.model ?? 'unknown',
    cores: all.length,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
    date: new Date().toISOString(),
  }
}
