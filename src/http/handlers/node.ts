import { ListenerType } from '../../contract/listener.ts'
import type { NodeAddress } from '../../contract/methods.ts'
import { addressText } from '../../util/address.ts'
import type { Nid } from '../../util/id.ts'
import { granted } from '../api-error.ts'
import type { HttpContext } from '../context.ts'

interface Node {
  readonly nid: Nid
  readonly ipaddr: string
  readonly port: number
  readonly type?: 1 | 2 | undefined
}

/** The listeners of this process, with the number of sessions of each, and the listeners that app servers added. */
export async function listListeners({ counters, directory }: HttpContext) {
  const isUp = counters.sum('up') > 0
  const own = directory.own.map(({ nid, type, ipaddr }) => {
    const total = counters.sum(type === ListenerType.TCP ? 'sessions_tcp' : 'sessions_ws')
    return { nid, type, ipaddr, status: statusOf(isUp), total }
  })
  const added = directory.added
    .filter(({ kind }) => kind === 'listend')
    .map(node => ({
      nid: node.nid,
      type: node.type,
      ipaddr: addressText(node.ipaddr, node.port),
      status: statusOf(node.isUp),
      total: 0,
    }))
  const list = [...own, ...added].map((listener, idx) => ({ idx, ...listener }))
  return { len: list.length, list }
}

export async function listForwarders({ directory }: HttpContext) {
  const list = directory.added
    .filter(({ kind }) => kind === 'frwder')
    .map(({ nid, ipaddr, port, isUp }, idx) => ({ idx, nid, ipaddr, port, status: statusOf(isUp) }))
  return { len: list.length, list }
}

function statusOf(isUp: boolean): 0 | 1 {
  return isUp ? 1 : 0
}

export function addListener(context: HttpContext, node: Node) {
  return change(context, 'nodeAdd', 'listend', node)
}

export function deleteListener(context: HttpContext, node: Node) {
  return change(context, 'nodeDel', 'listend', node)
}

export function addForwarder(context: HttpContext, node: Node) {
  return change(context, 'nodeAdd', 'frwder', node)
}

export function deleteForwarder(context: HttpContext, node: Node) {
  return change(context, 'nodeDel', 'frwder', node)
}

async function change(
  { calls, placement }: HttpContext,
  method: 'nodeAdd' | 'nodeDel',
  kind: NodeAddress['kind'],
  { nid, ipaddr, port, type }: Node,
) {
  granted(
    await calls.ask(placement.ofAll, method, { kind, nid, ipaddr, port, ...(type === undefined ? {} : { type }) }),
  )
  return {}
}
