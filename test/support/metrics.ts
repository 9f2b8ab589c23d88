import type { Test } from 'tap'
import { eventually } from './deadline.js'
import type { Gateway } from './gateway.js'

/** A counter of the Prometheus page, over all workers; of one cause, where it has several. */
export async function counted({ api }: Gateway, name: string, cause?: string): Promise<number> {
  const { text } = await api.call('/metrics')
  const labels = cause === undefined ? 'worker="\\d+"' : `worker="\\d+",cause="${cause}"`
  const rows = [...text.matchAll(new RegExp(`^imgate_${name}\\{${labels}\\} (\\S+)$`, 'gm'))]
  if (rows.length === 0) throw new Error(`no ${name} in the page`)
  return rows.reduce((sum, [, value]) => sum + Number(value), 0)
}

const CAUSES = ['behind', 'slow', 'gone', 'lost_worker']

/** Everything that was offered to members of topics is accounted for, once nothing is held back. */
export async function isConserved(t: Test, gateway: Gateway): Promise<void> {
  const sums = await eventually(
    async () => {
      const dropped = await Promise.all(CAUSES.map(cause => counted(gateway, 'dropped_total', cause)))
      const delivered = await counted(gateway, 'deliveries_total')
      const offered = await counted(gateway, 'offered_total')
      return { offered, delivered, dropped }
    },
    ({ offered, delivered, dropped }) => offered === dropped.reduce((sum, one) => sum + one, delivered),
    'every delivery that was due is accounted for',
  )
  t.ok(sums.offered > 0, `${sums.offered} deliveries: ${sums.delivered} made, ${sums.dropped.join(', ')} dropped`)
}
