import { parentPort, workerData } from 'node:worker_threads'
import { Admission } from '../admission/admission.ts'
import { Keys } from '../admission/keys.ts'
import { Places } from '../admission/places.ts'
import { isCommitFailure } from '../store/lmdb-store.ts'
import { loadUws } from '../transport/uws.ts'
import { createApi } from './api.ts'
import { Assembly } from './assembly.ts'
import { serveClients } from './clients.ts'
import { createCore } from './core.ts'
import { drainClients } from './drain.ts'
import { createEdge } from './edge.ts'
import { systemGround } from './ground.ts'
import { createHomes } from './homes.ts'
import { Listeners } from './listen.ts'
import type { FromWorker, ToWorker, WorkerStart } from './shared.ts'

/** One worker: a list of parts, started and stopped in order. What each does is in its own folder. */

const start = workerData as WorkerStart
const listeners = new Listeners(start)
process.on('exit', () => listeners.release())
const app = loadUws().App()
// A thread that ends while its App is open aborts the process (docs/engine.md, 2).
process.on('exit', () => app.close())

const core = createCore(start, systemGround(start))
const { log, clock, reactor, guard, onDefect } = core
process.on('unhandledRejection', reason => {
  // When a commit fails lmdb also rejects promises of its own; `Store.commit` has already reported it to the callers.
  if (isCommitFailure(reason)) log.error({ err: reason }, 'the store did not take a change')
  else onDefect(reason)
})

const places = new Places(start.places, start.index, start.placeLimits, clock)
const admission = new Admission(places, new Keys(start.apiKeys), core.limits, core.shedding)
const edge = createEdge(core, admission)
const homes = createHomes(core)
const api = await createApi(core, start, app, admission, edge.context)
const worker = new Assembly(core, edge, homes, api.parts)
await worker.start()
const clients = serveClients(core, edge.context, app)
await listeners.open(app, clients)
worker.serve()
tell({ type: 'ready' })
parentPort!.on('message', (message: ToWorker) => guard(() => hear(message)))

function tell(message: FromWorker): void {
  parentPort!.postMessage(message)
}

function hear(message: ToWorker): void {
  switch (message.type) {
    case 'peerLost':
      worker.peerLost(message.worker)
      return
    case 'peerReplaced':
      worker.peerReplaced(message.worker, message.link)
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
  await worker.stop()
  app.close()
  process.exit(0)
}
