import { ErrorCode } from '../../protocol/error-code.ts'
import { parse, stringify } from '../../util/json.ts'
import { ApiError, unexpected } from '../api-error.ts'
import type { HttpContext } from '../context.ts'
import { fieldsOf } from '../query.ts'
import { IDEMPOTENCY_KEY_MAX, type Reply, type RequestContext } from '../route.ts'
import { Router, readParameters } from '../router.ts'
import { pushRoutes } from '../routes/push.ts'

/** The reply to one push of a batch: the same as for a single push, or a refusal. */
export type PushReply = Reply & { readonly code: number; readonly errmsg: string }

/** Maximum number of pushes in one request. */
export const PUSHES_MAX = 1000
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/
const router = new Router(pushRoutes)

/** Carries out each push of a JSON array as if it had come alone: a bad one does not affect the others. */
export async function pushBatch(context: HttpContext, _query: object, { body }: RequestContext) {
  let pushes: unknown
  try {
    pushes = parse(body.toString())
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error
  }
  if (!Array.isArray(pushes) || pushes.length > PUSHES_MAX) {
    throw ApiError.of('BAD_PARAMETER', `body: expected a JSON array of up to ${PUSHES_MAX} pushes`)
  }
  const list = await Promise.all(pushes.map((push: unknown, index) => pushOne(context, push, index)))
  return { len: list.length, list }
}

async function pushOne(context: HttpContext, push: unknown, index: number): Promise<PushReply> {
  try {
    if (typeof push !== 'object' || push === null || Array.isArray(push)) {
      throw ApiError.of('BAD_PARAMETER', 'push: expected an object')
    }
    const { data, data64, key, ...fields } = push as Record<string, unknown>
    const parameters = fieldsOf(fields)
    const row = router.find('POST', '/im/push', parameters)
    const query = readParameters(row, parameters)
    const body = bodyOf(data, data64)
    const { pushBytesMax } = context.options
    if (body.body.length > pushBytesMax) throw ApiError.of('BODY_TOO_LONG', `expected up to ${pushBytesMax} bytes`)
    const reply = await row.handle(context, query, { ...body, idempotencyKey: keyOf(key) })
    return { ...reply, code: ErrorCode.OK.code, errmsg: ErrorCode.OK.text }
  } catch (error) {
    // A push that fails must not hide the replies to the others.
    const { code, message } =
      error instanceof ApiError ? error : unexpected(context, error, { path: '/im/push/batch', index })
    return { code, errmsg: message }
  }
}

function bodyOf(data: unknown, data64: unknown): { body: Buffer; contentType: string } {
  if (data64 !== undefined) {
    if (data !== undefined) throw ApiError.of('BAD_PARAMETER', 'data64: expected data or data64, got both')
    if (typeof data64 !== 'string' || !BASE64.test(data64)) {
      throw ApiError.of('BAD_PARAMETER', 'data64: expected a string of base64')
    }
    return { body: Buffer.from(data64, 'base64'), contentType: 'application/octet-stream' }
  }
  if (data === undefined) throw ApiError.of('MISSING_PARAMETER', 'data')
  if (typeof data === 'string') return { body: Buffer.from(data), contentType: 'text/plain' }
  return { body: Buffer.from(stringify(data)), contentType: 'application/json' }
}

function keyOf(key: unknown): string {
  if (key === undefined) return ''
  if (typeof key !== 'string' || key.length < 1 || key.length > IDEMPOTENCY_KEY_MAX) {
    throw ApiError.of('BAD_PARAMETER', `key: expected a string of 1..${IDEMPOTENCY_KEY_MAX} characters`)
  }
  return key
}
