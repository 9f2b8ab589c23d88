// From the reports of single runs to medians, the spread, ratios, and what is wrong with them.

export const REFUSED = 3

export function summarize(values) {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b)
  if (sorted.length === 0) return undefined
  const middle = sorted.length >> 1
  const median = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  return { median, min: sorted[0], max: sorted[sorted.length - 1] }
}

const isSound = ({ exitCode }) => exitCode === 0
const isFailed = ({ exitCode }) => exitCode !== 0 && exitCode !== REFUSED

/** A refused run tells of something else; its figures stand in only where there are no others. A failed one says nothing. */
export function usable(reports) {
  const sound = reports.filter(isSound)
  return sound.length > 0 ? sound : reports.filter(report => !isFailed(report))
}

export const summaryOf = (reports, key) => summarize(usable(reports).map(report => report[key]))

/** One variant against another, run by run: both ran within a minute, on the same machine in the same mood. */
export function ratioOf(reports, others, key) {
  const pairs = reports.map((report, i) => [report, others[i]]).filter(([, other]) => other !== undefined)
  const sound = pairs.filter(pair => pair.every(isSound))
  const counted = sound.length > 0 ? sound : pairs.filter(pair => !pair.some(isFailed))
  return summarize(counted.map(([one, other]) => (other[key] > 0 ? one[key] / other[key] : Number.NaN)))
}

/** How many runs count and why the others do not. */
export function soundness(reports) {
  const refused = reports.filter(report => report.exitCode === REFUSED)
  return {
    runs: reports.length,
    refused: refused.length,
    refusedBecause: [...new Set(refused.map(report => report.refused_because))],
    failed: reports.filter(isFailed).length,
  }
}
