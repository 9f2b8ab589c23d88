// What a run has found so far, by the id of the case and the name of the variant.
import { ratioOf, summaryOf } from './summary.mjs'

/** @param cases finished ones, `{ id, results }` with the reports of each variant; may still grow */
export function findings(cases) {
  const reportsOf = (id, variant) => cases.find(one => one.id === id)?.results[variant] ?? []
  return {
    /** The median of a figure; undefined when there is none. */
    median: (id, variant, figure) => summaryOf(reportsOf(id, variant), figure)?.median,
    /** The median of the ratios of single runs. */
    ratio: (id, variant, other, figure) => ratioOf(reportsOf(id, variant), reportsOf(id, other), figure)?.median,
    /** Whether there was a run in which all of them were sound; else the figures are of refused ones, for want of others. */
    isSound: (id, ...variants) => {
      const lists = variants.map(variant => reportsOf(id, variant))
      return lists[0].some((_, run) => lists.every(reports => reports[run]?.exitCode === 0))
    },
  }
}
