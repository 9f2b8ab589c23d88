import { createHash } from 'node:crypto'
import { realpathSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { makeFolder } from '../util/make-folder.ts'

/**
 * Allows one process per data folder. The lock is an abstract unix socket named after the folder; the kernel releases it
 * however the process ends. @throws Error if another process holds it
 */
export async function lockFolder(folder: string): Promise<Server> {
  try {
    makeFolder(folder)
  } catch (error) {
    throw new Error(`cannot create the data folder ${folder}: ${error instanceof Error ? error.message : error}`)
  }
  const name = createHash('sha256').update(realpathSync(folder)).digest('hex').slice(0, 32)
  const server = createServer(socket => socket.destroy())
  await listen(server, { path: `\0imgate-${name}` }).catch((error: NodeJS.ErrnoException) => {
    const reason = error.code ?? error.message
    throw new Error(`another imgate uses the data folder ${folder} (${reason}): stop it or choose another folder`)
  })
  server.unref()
  return server
}

/**
 * Refuses a port that is in use: with SO_REUSEPORT the kernel would let two processes share it, and clients would reach
 * either. @param port 0: tries only the address
 * @throws Error of the system, with its `code`, if we cannot listen there
 */
export async function requireFreePort(host: string, port: number): Promise<void> {
  const server = createServer()
  await listen(server, { host, port, exclusive: true })
  await new Promise(resolve => server.close(resolve))
}

function listen(server: Server, where: { path: string } | { host: string; port: number; exclusive: boolean }) {
  return new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(where, resolve)
  })
}
