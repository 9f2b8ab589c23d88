import { parentPort, workerData } from 'node:worker_threads'
import { Admission } from '../admission/admission.ts'
import { Connections, connectionShare } from '../admission/connections.ts'
import { Keys } from '../admission/keys.ts'
import { isCommitFailure } from '../store/lmdb-store.ts'
import { loadUws } from '../transport/uws.ts'
import { createApi } from './api.ts'
import { restoreBroadcasts } from './broadcasts.ts'
import { serveClients } from './clients.ts'
import { createCore } from './core.ts'
import { drainClients } from './drain.ts'
import { createEdge } from './edge.ts'
import { createHomes } from './homes.ts'
import { Listeners } from './listen.ts'
import type { Part } from './part.ts'
import { receiver } from './receive.ts'
import type { FromWorker, ToWorker, WorkerStart } from './shared.ts'

/** One worker: a list of parts, started and stopped in order. What each does is in its own folder. */

const SECOND_MS = 1000
/** How often it writes its beat. */
const BEAT_MS = 250

const start = workerData as WorkerStart
const { options } = start
const app = loadUws().App()
const listeners = new Listeners(start)
// A thread that ends while its App is open aborts the process (docs/engine.md, 2).
process.on('exit', () => {
  app.close()
  listeners.release()
})

const core = createCore(start)
const { log, clock, count, bus, reactor, guard, onDefect } = core
process.on('unhandledRejection', reason => {
  // When a commit fails lmdb also rejects promises of its own; `Store.commit` has already reported it to the callers.
  if (isCommitFailure(reason)) log.error({ err: reason }, 'the store did not take a change')
  else onDefect(reason)
})

const share = connectionShare(options.connectionsMax, start.links.length)
const admission = new Admission(new Connections(share), new Keys(options.apiKeys))
const edge = createEdge(core, admission)
const homes = createHomes(core)
const api = await createApi(core, start, app, admission, edge.context)
const parts: readonly Part[] = [...edge.parts, ...homes.parts, ...api.parts, core.part]

/** Runs a hook of each part, behind the wall. */
function each(ask: (part: Part) => void): void {
  for (const part of parts) guard(() => ask(part))
}

core.run(parts, receiver(edge.context, homes.posting, parts))
await core.takeNumbers()
restoreBroadcasts(core, edge.context)
homes.start()
edge.start()
const clients = serveClients(core, edge.context, app)
await listeners.open(app, clients)
clock.every(SECOND_MS, () => {
  const now = clock.now()
  each(part => part.tick?.(now))
  each(part => part.gauges?.(count))
  reactor.wake()
})
clock.every(BEAT_MS, () => count.set('beat_ms', clock.wall()))
reactor.wake()
count.set('up', 1)
tell({ type: 'ready' })
parentPort!.on('message', (message: ToWorker) => guard(() => hear(message)))

function tell(message: FromWorker): void {
  parentPort!.postMessage(message)
}

function hear(message: ToWorker): void {
  switch (message.type) {
    case 'peerLost':
      lose(message.worker)
      return
    case 'peerReplaced':
      // A worker that was itself being replaced has missed `peerLost`.
      lose(message.worker)
      bus.connect(message.worker, message.link)
      each(part => part.workerReplaced?.(message.worker))
      return
    case 'drain':
      drain().catch((error: unknown) => log.error({ err: error }, 'draining failed'))
      return
    case 'exit':
      exit().catch((error: unknown) => {
        log.fatal({ err: error }, 'the last changes may not be stored')
        process.exit(1)
      })
  }
}

/** A worker ended: its sessions are gone, and its successor has to learn what it is the home of. */
function lose(worker: number): void {
  bus.disconnect(worker)
  each(part => part.workerLost?.(worker))
}

async function drain(): Promise<void> {
  admission.close()
  listeners.close()
  await drainClients(clock, edge.context.hub)
  await clients.allClosed()
  await api.allAnswered()
  await reactor.settle()
  tell({ type: 'drained' })
}

async function exit(): Promise<void> {
  count.set('up', 0)
  // Every worker has drained: their last messages to each other are in the rings.
  await reactor.settle()
  reactor.stop()
  for (const part of parts) await part.stop?.()
  await core.store.commit()
  app.close()
  process.exit(0)
}
