import { createHash } from 'node:crypto'
import type { PushArgs } from '../../contract/methods.ts'
import { DataKind, dataKindOf } from '../../protocol/json-format.ts'
import type { Gid, Rid, Sid, Uid } from '../../util/id.ts'
import { parse, stringify, withoutBom } from '../../util/json.ts'
import { ApiError, granted, grantedTo } from '../api-error.ts'
import type { HttpContext } from '../context.ts'
import type { RequestContext } from '../route.ts'

interface Expire {
  readonly expire?: number | undefined
}

export function pushAll(context: HttpContext, query: Expire, request: RequestContext) {
  return once(context, query, request, request => {
    const answer = context.calls.askNow(context.placement.ofAll, 'broadcast', pushArgs(request, query))
    return grantedTo(answer, pushed => ({ ...pushed }))
  })
}

export function pushGroup(context: HttpContext, query: Expire & { gid: Gid }, request: RequestContext) {
  const { gid } = query
  return once(context, query, request, request => {
    const { data, dataKind, expire } = pushArgs(request, query)
    const answer = context.calls.askNow(context.placement.homeOf(gid), 'groupPush', { gid, data, dataKind, expire })
    return grantedTo(answer, ({ msgid, total }) => ({ gid, msgid, total }))
  })
}

export function pushRoom(context: HttpContext, query: Expire & { rid: Rid }, request: RequestContext) {
  const { rid } = query
  return once(context, query, request, request => {
    const { data, dataKind, expire } = pushArgs(request, query)
    const answer = context.calls.askNow(context.placement.homeOf(rid), 'roomPush', { rid, data, dataKind, expire })
    return grantedTo(answer, ({ msgid, total }) => ({ rid, msgid, total }))
  })
}

/** A sid that was never registered reaches nobody: `total` is 0. */
export function pushSession(context: HttpContext, query: Expire & { sid: Sid }, request: RequestContext) {
  const { sid } = query
  const { calls, placement } = context
  return once(context, query, request, request => {
    const { data, dataKind, expire } = pushArgs(request, query)
    return grantedTo(calls.askHere('deviceOf', { sid }), ({ device }) => {
      if (device === undefined) return { sid, total: 0 }
      const { uid } = device
      const answer = calls.askNow(placement.homeOf(uid), 'userPush', { uid, sid, data, dataKind, expire })
      return grantedTo(answer, ({ msgid, total }) => ({ sid, msgid, total }))
    })
  })
}

export function pushUser(context: HttpContext, query: Expire & { uid: Uid }, request: RequestContext) {
  const { uid } = query
  return once(context, query, request, request => {
    const { data, dataKind, expire } = pushArgs(request, query)
    const answer = context.calls.askNow(context.placement.homeOf(uid), 'userPush', { uid, data, dataKind, expire })
    return grantedTo(answer, ({ msgid, total }) => ({ uid, msgid, total }))
  })
}

interface PushApp extends Expire {
  readonly appid: string
  readonly version?: string | undefined
}

export function pushApp(context: HttpContext, query: PushApp, request: RequestContext) {
  const { appid, version } = query
  return once(context, query, request, request => {
    const args = { app: appid, ...(version === undefined ? {} : { version }), ...pushArgs(request, query) }
    const answer = context.calls.askNow(context.placement.ofAll, 'broadcast', args)
    return grantedTo(answer, pushed => ({ appid, ...pushed }))
  })
}

function pushArgs({ body, contentType }: RequestContext, { expire = 0 }: Expire): PushArgs {
  if (body.length === 0) throw ApiError.of('MISSING_PARAMETER', 'body')
  const unmarked = withoutBom(body)
  const dataKind = dataKindOf(contentType, unmarked)
  if (dataKind === undefined) throw ApiError.of('BAD_PARAMETER', 'body: expected valid JSON, as the content-type says')
  return { data: dataKind === DataKind.JSON ? unmarked : body, dataKind, expire }
}

/** 132 bits. */
const DIGEST_CHARACTERS = 22

type Replied<R> = R | Promise<R>

/** A retry with the same Idempotency-Key returns the first reply, for some time, and delivers nothing twice. */
function once<R>(
  context: HttpContext,
  query: object,
  request: RequestContext,
  push: (request: RequestContext) => Replied<R>,
): Replied<R> {
  const { idempotencyKey, body, isOwn } = request
  if (idempotencyKey === '') return push(request)
  // The push waits until the key is claimed.
  const kept = isOwn ? request : { ...request, body: Buffer.from(body), isOwn: true }
  return onceForKey(context, idempotencyKey, digestOf(query, kept), () => push(kept))
}

/**
 * Tells requests apart: a key is of one. The names of the parameters say where a push goes. Of the content-type counts what
 * it means, so that a push is the same alone and in a batch.
 */
function digestOf(query: object, { contentType, body }: RequestContext): string {
  const head = `${stringify(query)}\n${dataKindOf(contentType, withoutBom(body)) ?? contentType}\n`
  return createHash('sha256').update(head).update(body).digest('base64url').slice(0, DIGEST_CHARACTERS)
}

async function onceForKey<R>(context: HttpContext, key: string, digest: string, push: () => Replied<R>): Promise<R> {
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
