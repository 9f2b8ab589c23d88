import { createHash } from 'node:crypto'
import { dataKindOf } from '../../protocol/json-format.ts'
import { parse, stringify, withoutBom } from '../../util/json.ts'
import { inSlices, type Steps } from '../../util/slices.ts'
import { granted } from '../api-error.ts'
import type { HttpContext } from '../context.ts'
import type { RequestContext } from '../route.ts'

/** 132 bits. */
const DIGEST_CHARACTERS = 22
/** A fraction of a millisecond. */
const DIGEST_STEP_BYTES = 65_536

type Replied<R> = R | Promise<R>

/**
 * A retry with the same Idempotency-Key returns the first reply, for some time, and delivers nothing twice.
 * @param query where it goes, with all parameters
 */
export function once<R>(
  context: HttpContext,
  query: object,
  request: RequestContext,
  push: (request: RequestContext) => Replied<R>,
): Replied<R> {
  const { idempotencyKey, body, isOwn } = request
  if (idempotencyKey === '') return push(request)
  // The push waits until the key is claimed.
  const kept = isOwn ? request : { ...request, body: Buffer.from(body), isOwn: true }
  return onceForKey(context, idempotencyKey, inSlices(context.clock, digestOf(query, kept)), () => push(kept))
}

/**
 * Tells requests apart: a key is of one. The names of the parameters say where a push goes. Of the content-type counts what
 * it means, so that a push is the same alone and in a batch; a batch, which may be long, is JSON whatever it says.
 */
function* digestOf(query: object, { contentType, body }: RequestContext): Steps<string> {
  const kind = 'dim' in query ? '' : (dataKindOf(contentType, withoutBom(body)) ?? contentType)
  const hash = createHash('sha256').update(`${stringify(query)}\n${kind}\n`)
  for (let at = 0; at < body.length; at += DIGEST_STEP_BYTES) {
    hash.update(body.subarray(at, at + DIGEST_STEP_BYTES))
    yield
  }
  return hash.digest('base64url').slice(0, DIGEST_CHARACTERS)
}

async function onceForKey<R>(
  context: HttpContext,
  key: string,
  hashed: Replied<string>,
  push: () => Replied<R>,
): Promise<R> {
  const digest = await hashed
  const home = context.placement.homeOfText(key)
  const claim = granted(await context.calls.ask(home, 'idempotencyClaim', { key, digest }))
  if ('reply' in claim) return parse(claim.reply) as R
  let pushed: R
  try {
    pushed = await push()
  } catch (error) {
    await context.calls.ask(home, 'idempotencySettle', { key, digest, reply: '' })
    throw error
  }
  granted(await context.calls.ask(home, 'idempotencySettle', { key, digest, reply: stringify(pushed) }))
  return pushed
}
