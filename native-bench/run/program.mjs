// Starts a server program that listens on the port it is told, and knows it as ready when the port answers.
import { connect, createServer } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { start, stop } from './processes.mjs'
import { makeFolder, removeFolder } from './temporary.mjs'

const HOST = '127.0.0.1'
const READY_PATIENCE_MS = 10_000
const POLL_MS = 20
// Between finding a free port and the server's bind somebody else may take it.
const TRIES = 3

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, HOST, () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}

function answers(port) {
  return new Promise(resolve => {
    const socket = connect(port, HOST)
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}

/** @returns false when the child ended first: then the port that answers is not its own. */
async function isListening(child, port) {
  let ended = false
  child.ended.then(() => {
    ended = true
  })
  for (const until = Date.now() + READY_PATIENCE_MS; Date.now() < until && !ended; ) {
    if (await answers(port)) return !ended
    await pause(POLL_MS)
  }
  return false
}

/** @param args `({ port, directory }) => arguments`, may write its configuration into the folder
 *  @param measured `pid => pid` of the process whose CPU time counts, where it is not the one that was started */
export async function startProgram({ name, program, cpus, args, measured = pid => pid }) {
  for (let tries = 1; ; tries++) {
    const directory = await makeFolder()
    const port = await freePort()
    const child = start(program, await args({ port, directory }), { cpus, stdout: 'ignore', stderr: 'ignore' })
    const end = async () => {
      await stop(child)
      await removeFolder(directory)
    }
    try {
      if (await isListening(child, port))
        return { name, pid: await measured(child.pid), http: `${HOST}:${port}`, stop: end }
    } catch (error) {
      await end()
      throw error
    }
    await end()
    if (tries === TRIES) throw new Error(`${name} does not listen`)
  }
}
