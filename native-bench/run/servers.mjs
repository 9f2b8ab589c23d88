// The two servers under test, each started afresh for every run: `{ name, pid, http, stop() }`.
import { join } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { start, stop } from './processes.mjs'
import { makeFolder, removeFolder } from './temporary.mjs'

const READY_PATIENCE_MS = 30_000
const root = new URL('../../', import.meta.url).pathname

export async function startImgate({ workers, cpus, env }) {
  const dataDir = await makeFolder()
  const child = start(process.execPath, [join(root, 'dist/main.js'), 'start'], {
    cpus,
    stdout: 'pipe',
    env: {
      IMGATE_HTTP_PORT: '0',
      IMGATE_TCP_PORT: '0',
      IMGATE_WORKERS: String(workers),
      IMGATE_DATA_DIR: dataDir,
      ...env,
    },
  })
  const end = async () => {
    await stop(child)
    await removeFolder(dataDir)
  }
  return ready('imgate', child, end, line => parseReady(line)?.http)
}

export async function startBare({ cpus }) {
  const child = start(process.execPath, [join(root, 'native-bench/bare-uws.mjs'), '0'], { cpus, stdout: 'pipe' })
  return ready(
    'bare',
    child,
    () => stop(child),
    line => {
      const port = /^listening (\d+)/.exec(line)?.[1]
      return port && `127.0.0.1:${port}`
    },
  )
}

function parseReady(line) {
  try {
    const entry = JSON.parse(line)
    return entry.msg === 'ready' ? entry : undefined
  } catch {
    return undefined // a line that is not JSON is not the one we wait for
  }
}

/** Waits for the line in which the server says where it listens. */
async function ready(name, child, end, addressIn) {
  const said = []
  const address = new Promise((resolve, reject) => {
    const late = setTimeout(
      () => reject(new Error(`${name} is not ready after ${READY_PATIENCE_MS} ms`)),
      READY_PATIENCE_MS,
    )
    createInterface({ input: child.stdout }).on('line', line => {
      if (said.length < 50) said.push(line)
      const found = addressIn(line)
      if (found) {
        clearTimeout(late)
        resolve(found)
      }
    })
    child.ended.then(({ code, signal, error }) => {
      clearTimeout(late)
      reject(new Error(`${name} ended before it was ready (${error?.message ?? signal ?? code})\n${said.join('\n')}`))
    })
  })
  try {
    return { name, pid: child.pid, http: await address, stop: end }
  } catch (error) {
    await end()
    throw error
  }
}
