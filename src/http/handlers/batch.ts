import { ErrorCode } from '../../protocol/error-code.ts'
import { withoutBom } from '../../util/json.ts'
import { inSlices, type Steps } from '../../util/slices.ts'
import { ApiError, unexpected } from '../api-error.ts'
import type { HttpContext } from '../context.ts'
import type { Reply, RequestContext } from '../route.ts'
import { Router, readParameters } from '../router.ts'
import { pushRoutes } from '../routes/push.ts'
import { type Push, readBatch } from './batch-body.ts'

/** The reply to one push of a batch: the same as for a single push, or a refusal. */
export type PushReply = Reply & { readonly code: number; readonly errmsg: string }

const router = new Router(pushRoutes)

/**
 * Carries out each push of a JSON array as if it had come alone: a bad one does not affect the others. Reading and sending
 * take as many slices as they need.
 */
export async function pushBatch(context: HttpContext, _query: object, { body, isOwn }: RequestContext) {
  const { clock, options } = context
  // The pushes are parts of it.
  const kept = isOwn ? body : Buffer.from(body)
  const pushes = await inSlices(clock, readBatch(withoutBom(kept), options.pushBytesMax))
  const list: PushReply[] = []
  for (const some of portions(pushes)) {
    list.push(...(await Promise.all(await inSlices(clock, sendAll(context, some, list.length)))))
  }
  return { len: list.length, list }
}

/** A batch of so many bytes would fill the rings to other workers, and what is left of it would be answered BUSY. */
const PORTION_BYTES = 262_144

/** The pushes in parts: each waits until the one before it has gone out. */
function* portions(pushes: readonly (Push | Error)[]): Generator<readonly (Push | Error)[]> {
  let from = 0
  let bytes = 0
  for (const [index, push] of pushes.entries()) {
    bytes += push instanceof Error ? 0 : push.body.length
    if (bytes < PORTION_BYTES) continue
    yield pushes.slice(from, index + 1)
    from = index + 1
    bytes = 0
  }
  yield pushes.slice(from)
}

/** @param first the position of the first of them in the batch */
function* sendAll(context: HttpContext, pushes: readonly (Push | Error)[], first: number): Steps<Promise<PushReply>[]> {
  const replies: Promise<PushReply>[] = []
  for (const [index, push] of pushes.entries()) {
    replies.push(sendOne(context, push, first + index))
    yield
  }
  return replies
}

async function sendOne(context: HttpContext, push: Push | Error, index: number): Promise<PushReply> {
  try {
    if (push instanceof Error) throw push
    const { parameters, body, contentType, idempotencyKey } = push
    const row = router.find('POST', '/im/push', parameters)
    const query = readParameters(row, parameters)
    const { pushBytesMax } = context.options
    if (body.length > pushBytesMax) throw ApiError.tooLong(pushBytesMax)
    const reply = await row.handle(context, query, { body, isOwn: true, contentType, idempotencyKey })
    return { ...reply, code: ErrorCode.OK.code, errmsg: ErrorCode.OK.text }
  } catch (error) {
    // A push that fails must not hide the replies to the others.
    const { code, message } =
      error instanceof ApiError ? error : unexpected(context, error, { path: '/im/push/batch', index })
    return { code, errmsg: message }
  }
}
