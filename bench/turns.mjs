/* Preloaded into a gateway (NODE_OPTIONS=--import): each worker writes down every turn of its event loop that took more than
 * 1 ms of its thread's CPU, one a line, in milliseconds. CPU and not time, because other work on the machine takes that. */
import { appendFileSync, readFileSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'

const file = process.env.IMGATE_BENCH_TURNS
if (!isMainThread && file !== undefined) {
  const cpuMs = () => Number(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ', 1)[0]) / 1e6
  let last = cpuMs()
  setInterval(() => {
    const now = cpuMs()
    if (now - last > 1) appendFileSync(file, `${(now - last).toFixed(2)}\n`)
    last = cpuMs()
  }, 1).unref()
}
