import { connect } from 'node:net'
import type { Answer, Handlers } from '../bus/calls.ts'
import type { Methods, NodeAddress, NodeStatus } from '../contract/methods.ts'
import { NodeKind } from '../store/schema.ts'
import type { Store } from '../store/store.ts'
import { idAt, key } from '../store/table.ts'
import { ListenerType } from '../transport/connection.ts'
import type { Id } from '../util/id.ts'
import { afterCommit, refused, type Shard } from './shard.ts'

type NodeMethods = Pick<Handlers<Methods>, 'nodeAdd' | 'nodeDel'>
type Done = Record<string, never>

/** How often the nodes are tried, and how long one may take to accept. */
export const PROBE_EVERY_MS = 2000
const PROBE_MS = 1000

/** The nodes that were added; whether they are up is not known yet. */
export function storedNodes({ tables }: Store): NodeStatus[] {
  return tables.nodes.list().map(({ key: at, value }) => ({
    kind: idAt(at, 0) === NodeKind.LISTEND ? 'listend' : 'frwder',
    nid: idAt(at, 1),
    ...value,
    isUp: false,
  }))
}

/** The listeners and forwarders that app servers added: durable, and tried by a TCP connection. One worker owns them. */
export class Nodes {
  readonly handlers: NodeMethods = { nodeAdd: args => this.#add(args), nodeDel: args => this.#del(args) }
  readonly #shard: Shard
  readonly #nodes = new Map<string, { -readonly [K in keyof NodeStatus]: NodeStatus[K] }>()

  constructor(shard: Shard) {
    this.#shard = shard
    if (shard.bus.self !== shard.placement.ofAll) return
    for (const node of storedNodes(shard.store)) this.#nodes.set(name(node.kind, node.nid), { ...node })
  }

  /** Tries all nodes and tells every worker what has changed. */
  async probe(): Promise<void> {
    const nodes = [...this.#nodes.values()]
    const results = await Promise.all(nodes.map(({ ipaddr, port }) => accepts(ipaddr, port)))
    let isChanged = false
    for (const [index, node] of nodes.entries()) {
      if (node.isUp === results[index]) continue
      node.isUp = results[index]!
      isChanged = true
    }
    if (isChanged) this.announce()
  }

  /** Tells every worker, or the one that has just started, the nodes that there are. */
  announce(to?: number): void {
    const nodes: NodeStatus[] = Array.from(this.#nodes.values(), node => ({ ...node }))
    const { bus, calls } = this.#shard
    for (let worker = 0; worker < bus.workers; worker++) {
      if (to === undefined || to === worker) calls.tell(worker, 'nodesChanged', { nodes })
    }
  }

  /** Adding what is there changes nothing. */
  #add(node: NodeAddress): Answer<Done> | Promise<Answer<Done>> {
    const { kind, nid, ipaddr, port } = node
    const { nodeId } = this.#shard.options
    if (kind === 'listend' && Object.values(ListenerType).some(own => nid === nodeId * 10 + own)) {
      return refused('REPLACED', `nid ${nid} is a listener of this process`)
    }
    const at = name(kind, nid)
    const known = this.#nodes.get(at)
    if (known !== undefined && !isSame(known, node)) {
      return refused('REPLACED', `nid ${nid} is taken by ${known.ipaddr}:${known.port}`)
    }
    const type = node.type ?? known?.type ?? ListenerType.WS
    this.#nodes.set(at, { kind, nid, ipaddr, port, type, isUp: known?.isUp ?? false })
    this.#shard.store.tables.nodes.put(storeKey(node), { ipaddr, port, type })
    return this.#stored(() => {
      if (known === undefined) this.#nodes.delete(at)
      else this.#nodes.set(at, known)
    })
  }

  #del(node: NodeAddress): Answer<Done> | Promise<Answer<Done>> {
    const at = name(node.kind, node.nid)
    const known = this.#nodes.get(at)
    if (known === undefined || !isSame(known, node)) {
      return refused(
        'BAD_PARAMETER',
        `bad parameter: nid: there is no ${node.kind} ${node.nid} at ${node.ipaddr}:${node.port}`,
      )
    }
    this.#nodes.delete(at)
    this.#shard.store.tables.nodes.remove(storeKey(node))
    return this.#stored(() => this.#nodes.set(at, known))
  }

  /** Every worker knows the change before it is acknowledged. */
  async #stored(undo: () => void): Promise<Answer<Done>> {
    const answer = await afterCommit(this.#shard, {}, undo)
    const { bus, calls } = this.#shard
    const nodes: NodeStatus[] = Array.from(this.#nodes.values(), node => ({ ...node }))
    await Promise.all(Array.from({ length: bus.workers }, (_, worker) => calls.ask(worker, 'nodesChanged', { nodes })))
    void this.probe()
    return answer
  }
}

function name(kind: string, nid: Id): string {
  return `${kind}/${nid}`
}

function storeKey({ kind, nid }: NodeAddress): Buffer {
  return key(kind === 'listend' ? NodeKind.LISTEND : NodeKind.FRWDER, nid)
}

function isSame(one: NodeAddress, other: NodeAddress): boolean {
  return one.ipaddr === other.ipaddr && one.port === other.port
}

function accepts(host: string, port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ host, port })
    const settle = (isUp: boolean) => {
      socket.destroy()
      resolve(isUp)
    }
    socket.setTimeout(PROBE_MS, () => settle(false))
    socket.once('connect', () => settle(true))
    socket.once('error', () => settle(false))
  })
}
