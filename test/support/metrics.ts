import type { Gateway } from './gateway.js'

/** A counter of the Prometheus page, over all workers; of one cause, where it has several. */
export async function counted({ api }: Gateway, name: string, cause?: string): Promise<number> {
  const { text } = await api.call('/metrics')
  const labels = cause === undefined ? 'worker="\\d+"' : `worker="\\d+",cause="${cause}"`
  const rows = [...text.matchAll(new RegExp(`^imgate_${name}\\{${labels}\\} (\\S+)$`, 'gm'))]
  if (rows.length === 0) throw new Error(`no ${name} in the page`)
  return rows.reduce((sum, [, value]) => sum + Number(value), 0)
}
