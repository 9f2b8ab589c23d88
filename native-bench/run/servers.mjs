// The servers under test. Each is started afresh for every run: `{ name, pid, http, stop() }`; `http` is its address, and
// `tcp` that of the gateway's other listener.
import { createRequire } from 'node:module'
import { join } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { mosquitto } from '../peers/mosquitto.mjs'
import { nats } from '../peers/nats.mjs'
import { nchan } from '../peers/nchan.mjs'
import { provide, versionOf } from './debian.mjs'
import { providePackage } from './npm.mjs'
import { start, stop } from './processes.mjs'
import { makeFolder, removeFolder } from './temporary.mjs'

const READY_PATIENCE_MS = 30_000
/** imgate is run as in production: with a key, which every request to its API shows. */
export const API_KEY = 'benchmark'
export const authorization = { authorization: `Bearer ${API_KEY}` }
const here = new URL('../../', import.meta.url).pathname

/** @param dataFolder of whoever starts it again on the same data; otherwise a new one, gone with the server
 *  @param root of another build than this one */
export async function startImgate({ workers, cpus, env, dataFolder, root = here }) {
  const dataDir = dataFolder ?? (await makeFolder())
  const child = start(process.execPath, [join(root, 'dist/main.js'), 'start'], {
    cpus,
    stdout: 'pipe',
    env: {
      IMGATE_HTTP_PORT: '0',
      IMGATE_TCP_PORT: '0',
      IMGATE_API_KEYS: API_KEY,
      IMGATE_WORKERS: String(workers),
      IMGATE_DATA_DIR: dataDir,
      ...env,
    },
  })
  const end = async () => {
    await stop(child)
    if (dataFolder === undefined) await removeFolder(dataDir)
  }
  return ready('imgate', child, end, parseReady)
}

/** A server that is a script of ours and says `listening PORT`. */
function startScript(name, script, cpus) {
  const child = start(process.execPath, [join(here, 'native-bench', script), '0'], { cpus, stdout: 'pipe' })
  const end = () => stop(child)
  return ready(name, child, end, line => {
    const port = /^listening (\d+)/.exec(line)?.[1]
    return port && { http: `127.0.0.1:${port}` }
  })
}

const ofScript = (name, script, packageName) => ({
  prepare: () => providePackage(packageName),
  start: ({ cpus }) => startScript(name, script, cpus),
})

function ofDebian(peer) {
  let program
  return {
    prepare: async () => {
      program = await provide(peer)
      return program && versionOf(program, peer.versionArgs)
    },
    start: ({ cpus }) => peer.start({ program, cpus }),
  }
}

/** `prepare` gives the version, or undefined for a server that is not installed. */
export const servers = {
  imgate: {
    prepare: async () => createRequire(import.meta.url)(join(here, 'package.json')).version,
    start: startImgate,
  },
  bare: ofScript('bare', 'bare-uws.mjs', 'uWebSockets.js'),
  ws: ofScript('ws', 'peers/ws.mjs', 'ws'),
  socketio: ofScript('socketio', 'peers/socketio.mjs', 'socket.io'),
  nats: ofDebian(nats),
  mosquitto: ofDebian(mosquitto),
  nchan: ofDebian(nchan),
}

function parseReady(line) {
  try {
    const entry = JSON.parse(line)
    return entry.msg === 'ready' ? { http: entry.http, tcp: entry.tcp } : undefined
  } catch {
    return undefined // a line that is not JSON is not the one we wait for
  }
}

/** Waits for the line in which the server says where it listens. */
async function ready(name, child, end, addressesIn) {
  const said = []
  const addresses = new Promise((resolve, reject) => {
    const late = setTimeout(
      () => reject(new Error(`${name} is not ready after ${READY_PATIENCE_MS} ms`)),
      READY_PATIENCE_MS,
    )
    createInterface({ input: child.stdout }).on('line', line => {
      if (said.length < 50) said.push(line)
      const found = addressesIn(line)
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
    return { name, pid: child.pid, ...(await addresses), stop: end }
  } catch (error) {
    await end()
    throw error
  }
}
