// What a call costs the server, in CPU time of its threads, and how long the caller waits.
import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { summarize } from '../summary.mjs'

const NS_PER_US = 1000
const KIB = 1024
// A thread that has just gone to sleep may still be given its last slice.
const SETTLE_MS = 5

const medianOf = values => summarize(values).median

/** CPU time of all threads in microseconds; /proc/PID/stat counts in hundredths of a second, too coarse for this. */
async function cpuUs(pid) {
  await pause(SETTLE_MS)
  const threads = await readdir(`/proc/${pid}/task`)
  const times = await Promise.all(
    threads.map(thread => readFile(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').catch(() => '0')),
  )
  return times.reduce((sum, time) => sum + Number(time.split(' ')[0]), 0) / NS_PER_US
}

/** Server CPU of one call in microseconds: the median over batches.
 *  @param batches `() => promise` each, of `size` calls  @param between what is not measured, after each batch */
export async function cpuOfEach(pid, batches, size, between = async () => undefined) {
  const costs = []
  for (const [i, batch] of batches.entries()) {
    const before = await cpuUs(pid)
    await batch()
    costs.push(((await cpuUs(pid)) - before) / size)
    await between(i)
  }
  return medianOf(costs)
}

/** How long one caller waits for each call, in milliseconds: the median. */
export async function waitOfEach(calls) {
  const waits = []
  for (const call of calls) {
    const startedAt = performance.now()
    await call()
    waits.push(performance.now() - startedAt)
  }
  return medianOf(waits)
}

/** Memory in bytes: resident, and that part which is not pages of the store's file. */
export async function memoryOf(pid) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  const field = name => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)[1]) * KIB
  return { resident: field('VmRSS'), own: field('RssAnon') }
}
