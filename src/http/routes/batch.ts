import { bodySchema } from '../body.ts'
import * as batch from '../handlers/batch.ts'
import { PUSHES_MAX } from '../handlers/batch-body.ts'
import { Kind, type Kinds } from '../kind.ts'
import { count, either, errorSchema, listOf, replySchema } from '../reply.ts'
import { IDEMPOTENCY_KEY_MAX, type Route, route } from '../route.ts'
import { pushRoutes } from './push.ts'

/** The fields of a push in a batch besides `dim` and its parameters. A single push has them as body and header. */
const content: Kinds = {
  data: new Kind({ meaning: 'the message to push', words: 'text, or any JSON value', schema: {} }, true),
  data64: new Kind(
    {
      meaning: 'the message as bytes, instead of data',
      words: 'text, base64',
      schema: { type: 'string', contentEncoding: 'base64' },
    },
    true,
  ),
  key: new Kind(
    {
      meaning: 'like the header Idempotency-Key',
      words: `text of 1..${IDEMPOTENCY_KEY_MAX} characters`,
      schema: { type: 'string', minLength: 1, maxLength: IDEMPOTENCY_KEY_MAX },
    },
    true,
  ),
}

const pushes = new Kind(
  {
    meaning: 'Each push has `dim`, the parameters of that push, and:',
    words: `list of up to ${PUSHES_MAX} pushes`,
    schema: {
      type: 'array',
      maxItems: PUSHES_MAX,
      items: {
        anyOf: pushRoutes.map(({ where, query }) => bodySchema(where, { ...query, ...content })),
      },
    },
    fields: content,
  },
  false,
)

const reply = either<batch.PushReply>('code, errmsg and the fields of that push', 'replies', [
  ...pushRoutes.map(row => replySchema(row.reply)),
  errorSchema(),
])

/** Many pushes in one request. */
export const batchRoutes: readonly Route[] = [
  route({
    name: 'push.batch',
    doc: '2.a',
    summary: `Sends up to ${PUSHES_MAX} pushes in one request. If one is refused, the others still go out.`,
    method: 'POST',
    path: '/im/push/batch',
    where: {},
    query: {},
    body: pushes,
    bodyBytesMax: 'batchBytesMax',
    reply: {
      len: count('length of the list'),
      list: listOf('the reply to each push, in order, with its own code', reply),
    },
    errors: [],
    handle: batch.pushBatch,
  }),
]
