// Which processors the server and the client get. They share none where there are two: else each would measure the other.
import { cpus } from 'node:os'

/** @param workers worker threads of the server: as many cores, while one is left to the client */
export function placementOf(workers = 1) {
  const cores = cpus().length
  const serverCores = Math.min(workers, cores - 1)
  if (serverCores < 1) return {}
  return { server: serverCores > 1 ? `0-${serverCores - 1}` : '0', client: String(serverCores) }
}
