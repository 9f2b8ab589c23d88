/* Loaded into the gateway's process before its own code (NODE_OPTIONS): its workers stand still for as many milliseconds as
 * the file says, again and again, as if they had too much to do. */
import { readFileSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'

const order = process.env['IMGATE_TEST_BUSY_FILE']
if (!isMainThread && order !== undefined) {
  const word = new Int32Array(new SharedArrayBuffer(4))
  setInterval(() => {
    const busyMs = Number(readFileSync(order, 'utf8'))
    if (busyMs > 0) Atomics.wait(word, 0, 0, busyMs)
  }, 20)
}
