import { closeSync } from 'node:fs'
import type { Server } from 'node:net'
import type { Listener } from '../contract/listener.ts'
import { loadUws, type TemplatedApp, type us_listen_socket } from '../transport/uws.ts'
import type { Clients } from './clients.ts'
import type { WorkerStart } from './shared.ts'

/**
 * Sockets that listen for HTTP and WebSocket, of each worker. In the queue of each 512 connections wait to be accepted, which
 * the library fixes; beyond them clients try again after 1, 2, 4 s. More sockets are more queues (docs/performance.md).
 */
const QUEUES = 8

/** The listeners of this worker: every worker has them all, on the same ports (SO_REUSEPORT). */
export class Listeners {
  readonly #listeners: readonly Listener[]
  readonly #sockets: (number | undefined)[]
  readonly #native: us_listen_socket[] = []
  readonly #servers: Server[] = []

  constructor({ listeners, sockets }: WorkerStart) {
    this.#listeners = listeners
    this.#sockets = [...sockets]
  }

  /** @throws Error that names the address */
  async open(app: TemplatedApp, clients: Clients): Promise<void> {
    for (const [index, listener] of this.#listeners.entries()) {
      const socket = this.#sockets[index]
      if (socket === undefined) {
        for (let queue = 0; queue < QUEUES; queue++) this.#native.push(await listenWith(app, listener))
      } else {
        // From now on the server closes it.
        this.#sockets[index] = undefined
        this.#servers.push(await clients.listenTcp(socket))
      }
    }
  }

  /** Accepts no new connections; open ones stay. */
  close(): void {
    for (const socket of this.#native.splice(0)) loadUws().us_listen_socket_close(socket)
    for (const server of this.#servers.splice(0)) server.close()
  }

  /** The worker ends: closes the sockets that it never used. */
  release(): void {
    for (const socket of this.#sockets) if (socket !== undefined) closeSync(socket)
    this.#sockets.fill(undefined)
  }
}

function listenWith(app: TemplatedApp, { host, port }: Listener): Promise<us_listen_socket> {
  return new Promise((resolve, reject) => {
    app.listen(host, port, socket => {
      if (socket) resolve(socket)
      else reject(new Error(`cannot listen on ${host}:${port}`))
    })
  })
}
