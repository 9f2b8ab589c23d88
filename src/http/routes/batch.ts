import * as batch from '../handlers/batch.ts'
import { type Route, route } from '../route.ts'

/** Many pushes in one request. */
export const batchRoutes: readonly Route[] = [
  route({
    name: 'push.batch',
    doc: '2.a',
    summary:
      'Up to 1000 pushes in one request: a JSON array of objects with dim, the parameters of that push, and data (text, or any JSON value) or data64 (bytes), and key (as Idempotency-Key).',
    method: 'POST',
    path: '/im/push/batch',
    where: {},
    query: {},
    bodyBytesMax: 'batchBytesMax',
    reply: { len: 'integer | length of list', list: 'array | the reply of each push, in order, with its own code' },
    errors: [],
    handle: batch.pushBatch,
  }),
]
