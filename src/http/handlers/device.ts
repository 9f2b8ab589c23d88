import { Shed } from '../../admission/overload.ts'
import type { Device } from '../../contract/methods.ts'
import { addressText, hostOf } from '../../util/address.ts'
import type { Sid, Uid } from '../../util/id.ts'
import { ApiError, granted } from '../api-error.ts'
import type { HttpContext } from '../context.ts'
import { nearness } from '../ip-database.ts'

/** Maximum number of addresses in a reply. */
const ADDRESSES_MAX = 5
/** How long a device waits before it reconnects: base * factor^attempt, at most max, plus or minus the share `jitter`. */
const BACKOFF = { base: 1000, factor: 2, max: 60_000, jitter: 0.5 } as const

/** A device that would not be let in need not be sent. @throws ApiError */
function mustTakeNewcomers({ admission }: HttpContext): void {
  granted(admission.shedding.refuses(Shed.CONNECTIONS))
}

/** Gives the user a new session id. It is durable before the reply. */
export async function register(context: HttpContext, device: Device) {
  const { calls, placement } = context
  mustTakeNewcomers(context)
  const { uid, nation, city, town } = device
  const { sid } = granted(await calls.ask(placement.homeOf(uid), 'userRegister', { uid, nation, city, town }))
  return { uid, sid, nation, city, town }
}

interface IpList {
  readonly type: 1 | 2
  readonly uid: Uid
  readonly sid: Sid
  readonly clientip: string
}

/** The addresses that the device may connect to, and its token. */
export async function listAddresses(context: HttpContext, { type, uid, sid, clientip }: IpList) {
  const { calls, clock } = context
  mustTakeNewcomers(context)
  const { device } = granted(await calls.askHere('deviceOf', { sid }))
  if (device?.uid !== uid) throw ApiError.of('SID_MISMATCH')
  const expire = context.options.tokenTtlS
  const token = context.tokens.issue(uid, sid, Math.floor(clock.wall() / 1000) + expire)
  const iplist = liveAddresses(context, type, clientip)
  return { uid, sid, type, len: iplist.length, iplist, token, expire, backoff: BACKOFF }
}

/** Nearest first, then least loaded. The load of other nodes' listeners is unknown, so they come after ours. */
function liveAddresses({ directory, counters, placeOf }: HttpContext, type: 1 | 2, clientip: string): string[] {
  const client = placeOf(clientip)
  const load = counters.sum(type === 1 ? 'sessions_tcp' : 'sessions_ws')
  const own = directory.own.map(listener => ({ ...listener, host: hostOf(listener.ipaddr), load }))
  const added = directory.added
    .filter(({ kind, isUp }) => kind === 'listend' && isUp)
    .map(node => ({
      type: node.type,
      ipaddr: addressText(node.ipaddr, node.port),
      host: node.ipaddr,
      load: Number.POSITIVE_INFINITY,
    }))
  return [...own, ...added]
    .filter(listener => listener.type === type)
    .map(listener => ({ ...listener, near: nearness(client, placeOf(listener.host)) }))
    .sort((one, other) => other.near - one.near || (one.load < other.load ? -1 : one.load > other.load ? 1 : 0))
    .slice(0, ADDRESSES_MAX)
    .map(({ ipaddr }) => ipaddr)
}
