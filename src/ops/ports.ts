import { createServer } from 'node:net'
import { closeFd, createReuseportFd } from 'node-unix-socket'

export interface ReservedPort {
  readonly port: number
  /** The workers listen on it. */
  release(): void
}

/**
 * Chooses the port that all workers listen on and keeps it until they do: a socket that is bound and never listens.
 * @param port 0: any free one
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
        else reject(new Error('no free port'))
      })
    })
  })
}
