import { request } from 'undici'
import { withDeadline } from './deadline.js'
import type { Id } from './ids.js'
import { parseJson } from './json.js'

export interface ListEntry {
  readonly idx: number
  readonly uid?: Id
  readonly sid?: Id
  readonly rid?: Id
  readonly gid?: Id
  readonly nid?: Id
  readonly total?: number
  readonly [field: string]: unknown
}

/** The envelope and the fields that tests look at. */
export interface ReplyBody {
  readonly code: number
  readonly errmsg: string
  readonly uid?: Id
  readonly sid?: Id
  readonly rid?: Id
  readonly gid?: Id
  readonly msgid?: Id
  readonly cap?: number
  readonly total?: number
  readonly len?: number
  readonly status?: number
  readonly list?: readonly ListEntry[]
  readonly iplist?: readonly string[]
  readonly token?: string
  readonly expire?: number
  readonly [field: string]: unknown
}

export interface Reply {
  readonly status: number
  readonly headers: Record<string, string | string[] | undefined>
  readonly text: string
  readonly body: ReplyBody
}

export type Query = Record<string, string | Id | undefined>

export interface CallOptions {
  method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE' | 'OPTIONS'
  query?: Query
  body?: string | Uint8Array
  headers?: Record<string, string>
}

export interface PushOptions {
  contentType?: string
  idempotencyKey?: string
}

export type Dim = 'broadcast' | 'group' | 'room' | 'sid' | 'uid' | 'appid'

function searchOf(query: Query): string {
  const fields = Object.entries(query).filter(([, value]) => value !== undefined)
  return fields.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`).join('&')
}

/** The HTTP API as an app server uses it. Each call is a connection of its own, so calls meet every worker. */
export class Api {
  readonly address: string
  readonly #key: string | undefined

  constructor(address: string, key?: string) {
    this.address = address
    this.#key = key
  }

  /** @param path may carry a query itself, which `query` then adds to */
  async call(path: string, { method = 'GET', query = {}, body, headers = {} }: CallOptions = {}): Promise<Reply> {
    const search = searchOf(query)
    const target = search === '' ? path : `${path}${path.includes('?') ? '&' : '?'}${search}`
    const authorization = this.#key === undefined ? {} : { authorization: `Bearer ${this.#key}` }
    const call = async (): Promise<Reply> => {
      const response = await request(`http://${this.address}${target}`, {
        method,
        headers: { ...authorization, ...headers },
        reset: true,
        ...(body === undefined ? {} : { body }),
      })
      const text = await response.body.text()
      const isJson = text !== '' && String(response.headers['content-type']).startsWith('application/json')
      const parsed = isJson ? (parseJson(text) as ReplyBody) : { code: Number.NaN, errmsg: 'not JSON' }
      return { status: response.statusCode, headers: response.headers, text, body: parsed }
    }
    return await withDeadline(call(), () => `a reply to ${method} ${target}`)
  }

  async get(path: string, query: Query = {}): Promise<ReplyBody> {
    return (await this.call(path, { query })).body
  }

  /** @throws when the reply is a refusal */
  async ok(path: string, query: Query = {}): Promise<ReplyBody> {
    const { status, body, text } = await this.call(path, { query })
    if (status !== 200 || body.code !== 0) throw new Error(`${path}?${searchOf(query)} was refused: ${status} ${text}`)
    return body
  }

  register(uid: Id): Promise<ReplyBody> {
    return this.ok('/im/register', { uid, nation: 86, city: 10, town: 3 })
  }

  iplist(uid: Id, sid: Id, type: 1 | 2): Promise<ReplyBody> {
    return this.ok('/im/iplist', { type, uid, sid, clientip: '127.0.0.1' })
  }

  async push(
    dim: Dim,
    query: Query,
    body: string | Uint8Array,
    { contentType, idempotencyKey }: PushOptions = {},
  ): Promise<ReplyBody> {
    const headers = {
      ...(contentType === undefined ? {} : { 'content-type': contentType }),
      ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
    }
    return (await this.call('/im/push', { method: 'POST', query: { dim, ...query }, body, headers })).body
  }

  roomConfig(action: string, option: string, query: Query = {}): Promise<ReplyBody> {
    return this.ok('/im/room/config', { action, option, ...query })
  }

  groupConfig(action: string, option: string, query: Query = {}): Promise<ReplyBody> {
    return this.ok('/im/group/config', { action, option, ...query })
  }
}
