import type { Gateway } from './gateway.js'

/** A counter of the Prometheus page, over all workers. */
export async function counted(gateway: Gateway, name: string): Promise<number> {
  const { text } = await gateway.api.call('/metrics')
  const rows = [...text.matchAll(new RegExp(`^imgate_${name}\\{worker="\\d+"\\} (\\S+)$`, 'gm'))]
  if (rows.length === 0) throw new Error(`no ${name} in the page`)
  return rows.reduce((sum, [, value]) => sum + Number(value), 0)
}
