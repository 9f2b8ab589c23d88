// What the gateway has counted by itself, from its Prometheus page: all workers together.
import { authorization } from './servers.mjs'

/** @param names of the figure in a report, and of the metric: `{ closed_by_gateway: 'imgate_closed_slow_consumer_total' }` */
export async function readMetrics(address, names) {
  const page = await (await fetch(`http://${address}/metrics`, { headers: authorization })).text()
  const sumOf = metric =>
    Array.from(page.matchAll(new RegExp(`^${metric}(?:\\{.*\\})? (\\S+)$`, 'gm'))).reduce(
      (sum, [, value]) => sum + Number(value),
      0,
    )
  return Object.fromEntries(Object.entries(names).map(([figure, metric]) => [figure, sumOf(metric)]))
}
