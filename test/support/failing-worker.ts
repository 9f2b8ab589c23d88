/* Loaded into the gateway's process before its own code (NODE_OPTIONS): makes a worker fail when a file says so, as a
 * defect would. The file holds the index of the worker. */
import { readFileSync, rmSync } from 'node:fs'
import { isMainThread, workerData } from 'node:worker_threads'

const order = process.env['IMGATE_TEST_FAIL_FILE']
const { index } = (workerData ?? {}) as { index?: number }
if (!isMainThread && order !== undefined && index !== undefined) {
  const watch = setInterval(() => {
    let wanted = ''
    try {
      wanted = readFileSync(order, 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
    if (wanted !== String(index)) return
    rmSync(order)
    clearInterval(watch)
    throw new Error('a defect of a test')
  }, 20)
}
