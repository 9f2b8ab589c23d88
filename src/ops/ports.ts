import { createServer } from 'node:net'
import { createReuseportFd } from 'node-unix-socket'

/**
 * Chooses the port that all workers listen on and keeps it until they do: a socket that is bound and never listens.
 * @param port 0: any free one @returns the port, and the descriptor to close when the workers listen
 */
export async function reservePort(host: string, port: number): Promise<{ port: number; fd: number }> {
  const chosen = port === 0 ? await freePort(host) : port
  return { port: chosen, fd: createReuseportFd(chosen, host) }
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
