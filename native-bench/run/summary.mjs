// From the reports of single runs to medians, the spread, and what is wrong with them.

export const REFUSED = 3

export function summarize(values) {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b)
  if (sorted.length === 0) return undefined
  const middle = sorted.length >> 1
  const median = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  return { median, min: sorted[0], max: sorted[sorted.length - 1] }
}

/** A refused run tells of something else; its figures stand in only where there are no others. */
export function usable(reports) {
  const sound = reports.filter(report => report.exitCode === 0)
  return sound.length > 0 ? sound : reports
}

/** How many runs count and why the others do not. */
export function soundness(reports) {
  const refused = reports.filter(report => report.exitCode === REFUSED)
  return {
    runs: reports.length,
    refused: refused.length,
    refusedBecause: [...new Set(refused.map(report => report.refused_because))],
    failed: reports.filter(report => report.exitCode !== 0 && report.exitCode !== REFUSED).length,
  }
}
