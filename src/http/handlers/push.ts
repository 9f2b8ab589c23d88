import type { PushArgs, Pushed } from '../../contract/methods.ts'
import { dataKindOf } from '../../protocol/json-format.ts'
import type { Id } from '../../util/id.ts'
import { parse, stringify } from '../../util/json.ts'
import type { Api } from '../api.ts'
import { ApiError, granted } from '../api-error.ts'
import type { Reply, RequestContext } from '../route.ts'
import { sessionRecord } from '../session-record.ts'

interface Expire {
  readonly expire?: number | undefined
}

export function pushAll(api: Api, query: Expire, request: RequestContext): Promise<Reply> {
  return once(api, request, async () => {
    return { ...granted(await api.calls.ask(api.placement.ofAll, 'broadcast', pushArgs(request, query))) }
  })
}

export function pushGroup(api: Api, query: Expire & { gid: Id }, request: RequestContext): Promise<Reply> {
  const { gid } = query
  return once(api, request, async () => {
    const args = { gid, ...pushArgs(request, query) }
    return { gid, ...granted(await api.calls.ask(api.placement.ownerOf(gid), 'groupPush', args)) }
  })
}

export function pushRoom(api: Api, query: Expire & { rid: Id }, request: RequestContext): Promise<Reply> {
  const { rid } = query
  return once(api, request, async () => {
    const args = { rid, ...pushArgs(request, query) }
    return { rid, ...granted(await api.calls.ask(api.placement.ownerOf(rid), 'roomPush', args)) }
  })
}

/** A sid that was never registered has nobody. */
export function pushSession(api: Api, query: Expire & { sid: Id }, request: RequestContext): Promise<Reply> {
  const { sid } = query
  return once(api, request, async () => {
    const uid = sessionRecord(api, sid)?.uid
    const args = pushArgs(request, query)
    if (uid === undefined) return { sid, total: 0 }
    return { sid, ...granted(await api.calls.ask(api.placement.ownerOf(uid), 'userPush', { uid, sid, ...args })) }
  })
}

export function pushUser(api: Api, query: Expire & { uid: Id }, request: RequestContext): Promise<Reply> {
  const { uid } = query
  return once(api, request, async () => {
    const args = { uid, ...pushArgs(request, query) }
    return { uid, ...granted(await api.calls.ask(api.placement.ownerOf(uid), 'userPush', args)) }
  })
}

interface PushApp extends Expire {
  readonly appid: string
  readonly version?: string | undefined
}

export function pushApp(api: Api, query: PushApp, request: RequestContext): Promise<Reply> {
  const { appid, version } = query
  return once(api, request, async () => {
    const args = { app: appid, ...(version === undefined ? {} : { version }), ...pushArgs(request, query) }
    return { appid, ...granted(await api.calls.ask(api.placement.ofAll, 'broadcast', args)) }
  })
}

function pushArgs({ body, contentType }: RequestContext, { expire = 0 }: Expire): PushArgs {
  if (body.length === 0) throw ApiError.of('MISSING_PARAMETER', 'body')
  const dataKind = dataKindOf(contentType, body)
  if (dataKind === undefined) throw ApiError.of('BAD_PARAMETER', 'body: expected JSON, as its content-type says')
  return { data: body, dataKind, expire }
}

type PushReply = Partial<Pushed> & Reply

/** The same Idempotency-Key within its time gives the first reply again, and nothing is delivered twice. */
async function once(api: Api, { idempotencyKey }: RequestContext, push: () => Promise<PushReply>): Promise<PushReply> {
  if (idempotencyKey === '') return push()
  const owner = api.placement.ownerOfText(idempotencyKey)
  const claim = granted(await api.calls.ask(owner, 'idempotencyClaim', { key: idempotencyKey }))
  if ('reply' in claim) return parse(claim.reply) as PushReply
  let pushed: PushReply
  try {
    pushed = await push()
  } catch (error) {
    await api.calls.ask(owner, 'idempotencySettle', { key: idempotencyKey, reply: '' })
    throw error
  }
  granted(await api.calls.ask(owner, 'idempotencySettle', { key: idempotencyKey, reply: stringify(pushed) }))
  return pushed
}
