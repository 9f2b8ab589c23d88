import { key } from '../../store/table.ts'
import type { Id } from '../../util/id.ts'
import type { Api } from '../api.ts'
import { ApiError } from '../api-error.ts'
import { sessionRecord } from '../session-record.ts'

interface Register {
  readonly uid: Id
  readonly nation: number
  readonly city: number
  readonly town: number
}

/** Most addresses that a device is told. */
const ADDRESSES_MAX = 5

/** Gives the user a new session id; durable before it is answered. */
export async function register(api: Api, { uid, nation, city, town }: Register) {
  const sid = api.sids.next()
  if (sid === undefined) throw ApiError.of('BUSY')
  api.store.tables.sessions.put(key(sid), { uid, nation, city, town, at: Date.now() })
  await api.store.commit()
  return { uid, sid, nation, city, town }
}

interface IpList {
  readonly type: 1 | 2
  readonly uid: Id
  readonly sid: Id
  readonly clientip: string
}

/** Where the device may connect, and the token that signs it in. */
export async function listAddresses(api: Api, { type, uid, sid }: IpList) {
  if (sessionRecord(api, sid)?.uid !== uid) throw ApiError.of('SID_MISMATCH')
  const expire = api.options.tokenTtlS
  const token = api.tokens.issue(uid, sid, Math.floor(Date.now() / 1000) + expire)
  const iplist = api.listeners
    .filter(listener => listener.type === type)
    .slice(0, ADDRESSES_MAX)
    .map(({ ipaddr }) => ipaddr)
  return { uid, sid, type, len: iplist.length, iplist, token, expire }
}
