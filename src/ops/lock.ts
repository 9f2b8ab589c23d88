import { createHash } from 'node:crypto'
import { realpathSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { makeFolder } from '../util/make-folder.ts'

/**
 * One process per data folder. The lock is an abstract unix socket named for the folder: the kernel lets go of it however
 * the process ends. @throws Error when another process has it
 */
export async function lockFolder(folder: string): Promise<Server> {
  try {
    makeFolder(folder)
  } catch (error) {
    throw new Error(`cannot make the data folder ${folder}: ${error instanceof Error ? error.message : error}`)
  }
  const name = createHash('sha256').update(realpathSync(folder)).digest('hex').slice(0, 32)
  const server = createServer(socket => socket.destroy())
  await listen(server, { path: `\0imgate-${name}` }, `the data folder ${folder} is in use by another imgate`)
  server.unref()
  return server
}

/**
 * Refuses a port that somebody listens on already: with SO_REUSEPORT the kernel would let two processes share it and
 * clients would reach either. @throws Error when it is taken
 */
export async function requireFreePort(host: string, port: number, option: string): Promise<void> {
  if (port === 0) return
  const server = createServer()
  await listen(server, { host, port, exclusive: true }, `${option}: cannot listen on ${host}:${port}`)
  await new Promise(resolve => server.close(resolve))
}

function listen(
  server: Server,
  where: { path: string } | { host: string; port: number; exclusive: boolean },
  text: string,
) {
  return new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(new Error(`${text} (${error.code ?? error.message})`)),
    )
    server.listen(where, resolve)
  })
}
