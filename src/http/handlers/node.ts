import { ListenerType } from '../../transport/connection.ts'
import type { Api } from '../api.ts'

/** The listeners of this process, with the sessions that came in over each. */
export async function listListeners(api: Api) {
  const isUp = api.counters.sum('up') > 0
  const list = api.listeners.map(({ nid, type, ipaddr }, idx) => {
    const total = api.counters.sum(type === ListenerType.TCP ? 'sessions_tcp' : 'sessions_ws')
    return { idx, nid, type, ipaddr, status: isUp ? 1 : 0, total }
  })
  return { len: list.length, list }
}
