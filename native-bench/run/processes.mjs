// Child processes: every one that is started here is stopped here, also on an error and on a signal.
import { spawn } from 'node:child_process'
import process from 'node:process'

const STOP_PATIENCE_MS = 10_000
const children = new Set()

/** Starts a program, on the given processors if any. `taskset` becomes the program, so the pid is that of the program. */
export function start(command, args, { cpus, env, stdout = 'inherit', stderr = 'inherit' } = {}) {
  const [file, argv] = cpus === undefined ? [command, args] : ['taskset', ['-c', cpus, command, ...args]]
  const child = spawn(file, argv, { env: { ...process.env, ...env }, stdio: ['ignore', stdout, stderr] })
  child.ended = new Promise(resolve => {
    child.on('error', error => resolve({ code: null, error }))
    child.on('exit', (code, signal) => resolve({ code, signal }))
  })
  children.add(child)
  child.ended.then(() => children.delete(child))
  return child
}

/** Asks, waits, and in the end insists. */
export async function stop(child) {
  if (!children.has(child)) return
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_PATIENCE_MS)
  await child.ended
  clearTimeout(timer)
}

/** The last resort, when there is no time left to wait. */
export function killAll() {
  for (const child of children) child.kill('SIGKILL')
}
