import type { PushArgs } from '../../contract/methods.ts'
import { dataKindOf } from '../../protocol/json-format.ts'
import type { Id } from '../../util/id.ts'
import { parse, stringify } from '../../util/json.ts'
import type { Api } from '../api.ts'
import { ApiError, granted, grantedTo } from '../api-error.ts'
import type { RequestContext } from '../route.ts'
import { sessionRecord } from '../session-record.ts'

interface Expire {
  readonly expire?: number | undefined
}

export function pushAll(api: Api, query: Expire, request: RequestContext) {
  return once(api, request, request => {
    const answer = api.calls.askNow(api.placement.ofAll, 'broadcast', pushArgs(request, query))
    return grantedTo(answer, pushed => ({ ...pushed }))
  })
}

export function pushGroup(api: Api, query: Expire & { gid: Id }, request: RequestContext) {
  const { gid } = query
  return once(api, request, request => {
    const { data, dataKind, expire } = pushArgs(request, query)
    const answer = api.calls.askNow(api.placement.ownerOf(gid), 'groupPush', { gid, data, dataKind, expire })
    return grantedTo(answer, ({ msgid, total }) => ({ gid, msgid, total }))
  })
}

export function pushRoom(api: Api, query: Expire & { rid: Id }, request: RequestContext) {
  const { rid } = query
  return once(api, request, request => {
    const { data, dataKind, expire } = pushArgs(request, query)
    const answer = api.calls.askNow(api.placement.ownerOf(rid), 'roomPush', { rid, data, dataKind, expire })
    return grantedTo(answer, ({ msgid, total }) => ({ rid, msgid, total }))
  })
}

/** A sid that was never registered has nobody. */
export function pushSession(api: Api, query: Expire & { sid: Id }, request: RequestContext) {
  const { sid } = query
  return once(api, request, request => {
    const uid = sessionRecord(api, sid)?.uid
    const { data, dataKind, expire } = pushArgs(request, query)
    if (uid === undefined) return { sid, total: 0 }
    const answer = api.calls.askNow(api.placement.ownerOf(uid), 'userPush', { uid, sid, data, dataKind, expire })
    return grantedTo(answer, ({ msgid, total }) => ({ sid, msgid, total }))
  })
}

export function pushUser(api: Api, query: Expire & { uid: Id }, request: RequestContext) {
  const { uid } = query
  return once(api, request, request => {
    const { data, dataKind, expire } = pushArgs(request, query)
    const answer = api.calls.askNow(api.placement.ownerOf(uid), 'userPush', { uid, data, dataKind, expire })
    return grantedTo(answer, ({ msgid, total }) => ({ uid, msgid, total }))
  })
}

interface PushApp extends Expire {
  readonly appid: string
  readonly version?: string | undefined
}

export function pushApp(api: Api, query: PushApp, request: RequestContext) {
  const { appid, version } = query
  return once(api, request, request => {
    const args = { app: appid, ...(version === undefined ? {} : { version }), ...pushArgs(request, query) }
    const answer = api.calls.askNow(api.placement.ofAll, 'broadcast', args)
    return grantedTo(answer, pushed => ({ appid, ...pushed }))
  })
}

function pushArgs({ body, contentType }: RequestContext, { expire = 0 }: Expire): PushArgs {
  if (body.length === 0) throw ApiError.of('MISSING_PARAMETER', 'body')
  const dataKind = dataKindOf(contentType, body)
  if (dataKind === undefined) throw ApiError.of('BAD_PARAMETER', 'body: expected JSON, as its content-type says')
  return { data: body, dataKind, expire }
}

type Replied<R> = R | Promise<R>

/** The same Idempotency-Key within its time gives the first reply again, and nothing is delivered twice. */
function once<R>(api: Api, request: RequestContext, push: (request: RequestContext) => Replied<R>): Replied<R> {
  const { idempotencyKey, body } = request
  if (idempotencyKey === '') return push(request)
  // It is pushed when the key has been claimed.
  const kept = { ...request, body: Buffer.from(body) }
  return onceForKey(api, idempotencyKey, () => push(kept))
}

async function onceForKey<R>(api: Api, key: string, push: () => Replied<R>): Promise<R> {
  const owner = api.placement.ownerOfText(key)
  const claim = granted(await api.calls.ask(owner, 'idempotencyClaim', { key }))
  if ('reply' in claim) return parse(claim.reply) as R
  let pushed: R
  try {
    pushed = await push()
  } catch (error) {
    await api.calls.ask(owner, 'idempotencySettle', { key, reply: '' })
    throw error
  }
  granted(await api.calls.ask(owner, 'idempotencySettle', { key, reply: stringify(pushed) }))
  return pushed
}
