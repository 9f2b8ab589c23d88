import { Counter, Gauge, Registry } from 'prom-client'
import { type Counters, counterNames, counterRows } from './counters.ts'

/** The Prometheus page: every counter of every worker, and the memory of the process. */
export function metricsPage(counters: Counters): Promise<string> {
  const registry = new Registry()
  for (const name of counterNames) {
    const { kind, doc } = counterRows[name]
    const config = { name: `imgate_${name}`, help: doc, labelNames: ['worker'], registers: [registry] }
    const metric = kind === 'counter' ? new Counter(config) : new Gauge(config)
    for (let worker = 0; worker < counters.workers; worker++) {
      metric.inc({ worker: String(worker) }, counters.get(worker, name))
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
