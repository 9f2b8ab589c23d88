import type { Admission } from '../admission/admission.ts'
import { Directory } from '../http/directory.ts'
import { openIpDatabase } from '../http/ip-database.ts'
import { openApi } from '../http/openapi.ts'
import { Router } from '../http/router.ts'
import { routes } from '../http/routes.ts'
import { HttpServer, type Readiness } from '../http/server.ts'
import { metricsPage } from '../ops/metrics.ts'
import type { SessionContext } from '../session/context.ts'
import { storedNodes } from '../shard/nodes.ts'
import type { TemplatedApp } from '../transport/uws.ts'
import { stringify } from '../util/json.ts'
import type { Core } from './core.ts'
import type { Part } from './part.ts'
import type { WorkerStart } from './shared.ts'

/** The side of a worker that faces app servers. */
export interface Api {
  readonly parts: readonly Part[]
  /** Resolves when every request that was taken is answered. */
  allAnswered(): Promise<void>
}

/** Overload turns nobody away at the door, unless the option says so. */
function readinessOf({ counters, isDraining, options }: Core, workers: number): Readiness {
  const reasons = []
  if (isDraining()) reasons.push('draining')
  else if (counters.sum('up') < workers) reasons.push('starting')
  const ready = reasons.length === 0
  const isOverloaded = counters.sum('overload_level') > 0
  if (isOverloaded) reasons.push('overload')
  return { ready: ready && !(isOverloaded && options.readySheds), reasons }
}

export async function createApi(
  core: Core,
  { listeners, links }: WorkerStart,
  app: TemplatedApp,
  admission: Admission,
  { tokens }: SessionContext,
): Promise<Api> {
  const { options, counters, count, store, isDraining } = core
  const directory = new Directory(listeners)
  directory.added = storedNodes(store)
  const placeOf = await openIpDatabase(options.ipDatabase)
  const openApiText = stringify(openApi(routes))
  const http = new HttpServer(app, {
    context: { ...core, admission, tokens, directory, placeOf },
    router: new Router(routes),
    isServing: () => !isDraining(),
    readiness: () => readinessOf(core, links.length),
    metricsPage: () => metricsPage(counters),
    openApi: () => openApiText,
    answered: () => count.add('http_requests_total', 1),
  })
  const part: Part = {
    methods: {
      nodesChanged({ nodes }) {
        directory.added = nodes
        return {}
      },
    },
    tick: now => http.tick(now),
  }
  return { parts: [part], allAnswered: () => http.allAnswered() }
}
