import { Counter, Gauge, Registry } from 'prom-client'
import { type Counters, counterNames, counterRows, type Row } from './counters.ts'

/** The Prometheus page: every counter of every worker, and the memory of the process. */
export function metricsPage(counters: Counters): Promise<string> {
  const registry = new Registry()
  const metrics = new Map<string, Counter | Gauge>()
  for (const name of counterNames) {
    const { kind, doc, metric: family = name, cause }: Row = counterRows[name]
    let metric = metrics.get(family)
    if (metric === undefined) {
      const labelNames = cause === undefined ? ['worker'] : ['worker', 'cause']
      const config = { name: `imgate_${family}`, help: doc, labelNames, registers: [registry] }
      metric = kind === 'counter' ? new Counter(config) : new Gauge(config)
      metrics.set(family, metric)
    }
    for (let worker = 0; worker < counters.workers; worker++) {
      metric.inc({ worker: String(worker), ...(cause === undefined ? {} : { cause }) }, counters.get(worker, name))
    }
  }
  const resident = new Gauge({
    name: 'process_resident_memory_bytes',
    help: 'Resident memory of the process',
    registers: [registry],
  })
  resident.set(process.memoryUsage.rss())
  return registry.metrics()
}
