import { createServer } from 'node:net'
import { closeFd, createReuseportFd } from 'node-unix-socket'

export interface ReservedPort {
  readonly port: number
  /** Call it once the workers listen on the port. */
  release(): void
}

/**
 * Chooses the port for all workers and reserves it until they listen, with a bound socket that never listens.
 * @param port 0: any free port
 */
export async function reservePort(host: string, port: number): Promise<ReservedPort> {
  const chosen = port === 0 ? await freePort(host) : port
  const fd = createReuseportFd(chosen, host)
  return { port: chosen, release: () => closeFd(fd) }
}

function freePort(host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen({ host, port: 0 }, () => {
      const address = server.address()
      server.close(() => {
        if (address !== null && typeof address !== 'string') resolve(address.port)
        else reject(new Error('found no free port'))
      })
    })
  })
}
