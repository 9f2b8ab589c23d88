import type { Route } from './route.ts'
import { batchRoutes } from './routes/batch.ts'
import { deviceRoutes } from './routes/device.ts'
import { groupRoutes } from './routes/group.ts'
import { nodeRoutes } from './routes/node.ts'
import { pushRoutes } from './routes/push.ts'
import { queryRoutes } from './routes/query.ts'
import { roomRoutes } from './routes/room.ts'
import { statsRoutes } from './routes/stats.ts'

/** Every HTTP interface, in the order of the specification. docs/http.md and the OpenAPI page are generated from it. */
export const routes: readonly Route[] = [
  ...deviceRoutes,
  ...pushRoutes,
  ...batchRoutes,
  ...statsRoutes,
  ...queryRoutes,
  ...groupRoutes,
  ...roomRoutes,
  ...nodeRoutes,
]
