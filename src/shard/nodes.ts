import { type Answer, type Done, isRefused, refused } from '../contract/answer.ts'
import type { Handlers } from '../contract/calls.ts'
import { isOwnNid, ListenerType } from '../contract/listener.ts'
import type { Methods, NodeAddress, NodeStatus } from '../contract/methods.ts'
import { NodeKind } from '../store/schema.ts'
import type { Store } from '../store/store.ts'
import type { Nid } from '../util/id.ts'
import { Commits, type Decision } from './commits.ts'
import type { HomeContext } from './context.ts'

type NodeMethods = Pick<Handlers<Methods>, 'nodeAdd' | 'nodeDel'>
type NodeChange =
  | { readonly type: 'added'; readonly node: NodeAddress & { readonly type: ListenerType } }
  | { readonly type: 'removed'; readonly node: NodeAddress }

/** How often the nodes are tried. */
const PROBE_EVERY_MS = 2000

/** Whether connections to this address are accepted. */
export type Probe = (host: string, port: number) => Promise<boolean>

/** The nodes that were added, not probed yet. */
export function storedNodes({ tables }: Store): NodeStatus[] {
  return tables.nodes.list([]).map(({ key: [kind, nid], value }) => ({
    kind: kind === NodeKind.LISTEND ? 'listend' : 'frwder',
    nid,
    ...value,
    isUp: false,
  }))
}

/**
 * The listeners and forwarders that app servers added: durable, and tried by a TCP connection. One worker keeps them and
 * tells the others.
 */
export class Nodes {
  readonly methods: NodeMethods = {
    nodeAdd: node => this.#change(() => this.#add(node)),
    nodeDel: node => this.#change(() => this.#remove(node)),
  }
  readonly #context: HomeContext
  readonly #probe: Probe
  readonly #nodes = new Map<string, { -readonly [K in keyof NodeStatus]: NodeStatus[K] }>()
  readonly #commits: Commits<this, NodeChange>

  constructor(context: HomeContext, probe: Probe) {
    this.#context = context
    this.#probe = probe
    this.#commits = new Commits(
      context,
      {
        apply: (_nodes, change) => this.#apply(change),
        write: (_nodes, change) => this.#write(change),
        // `#change` informs the workers when it is on the disk, and waits for their answers.
        tell: () => undefined,
        reread: () => {
          this.#read()
          this.announce()
        },
      },
      context.onDefect,
    )
    if (context.placement.here === context.placement.ofAll) this.#read()
  }

  /** Starts to probe. Only one worker does. */
  start(): void {
    const { clock, log } = this.#context
    this.announce()
    clock.every(PROBE_EVERY_MS, () => {
      this.#probeAll().catch((error: unknown) => log.error({ err: error }, 'probing nodes failed'))
    })
  }

  /** Sends the nodes to every worker, or to one that has just started. */
  announce(to?: number): void {
    const { calls } = this.#context
    const nodes = this.#statuses()
    if (to === undefined) calls.tellAll('nodesChanged', { nodes })
    else calls.tell(to, 'nodesChanged', { nodes })
  }

  /** Adding a node that is there already changes nothing. */
  #add(node: NodeAddress): Decision<NodeChange> {
    const { kind, nid } = node
    if (kind === 'listend' && isOwnNid(this.#context.options.nodeId, nid)) {
      return refused('REPLACED', `nid ${nid} is a listener of this process`)
    }
    const known = this.#nodes.get(name(node))
    if (known !== undefined && !isSame(known, node)) {
      return refused('REPLACED', `nid ${nid} is taken by ${known.ipaddr}:${known.port}`)
    }
    const type = node.type ?? known?.type ?? ListenerType.WS
    return [{ type: 'added', node: { ...node, type } }]
  }

  #remove(node: NodeAddress): Decision<NodeChange> {
    const { kind, nid, ipaddr, port } = node
    const known = this.#nodes.get(name(node))
    if (known !== undefined && isSame(known, node)) return [{ type: 'removed', node }]
    return refused('BAD_PARAMETER', `bad parameter: nid: there is no ${kind} ${nid} at ${ipaddr}:${port}`)
  }

  /** Every worker knows the change before it is acknowledged. */
  async #change(decide: () => Decision<NodeChange>): Promise<Answer<Done>> {
    const answer = await this.#commits.make(this, decide)
    if (isRefused(answer)) return answer
    await this.#context.calls.askAll('nodesChanged', { nodes: this.#statuses() })
    void this.#probeAll()
    return answer
  }

  #apply({ type, node }: NodeChange): void {
    if (type === 'removed') this.#nodes.delete(name(node))
    else this.#nodes.set(name(node), { ...node, isUp: this.#nodes.get(name(node))?.isUp ?? false })
  }

  #write({ type, node }: NodeChange): void {
    const { nodes } = this.#context.store.tables
    const key = [node.kind === 'listend' ? NodeKind.LISTEND : NodeKind.FRWDER, node.nid as Nid] as const
    if (type === 'removed') nodes.remove(key)
    else nodes.put(key, { ipaddr: node.ipaddr, port: node.port, type: node.type })
  }

  #read(): void {
    const known = new Map(this.#nodes)
    this.#nodes.clear()
    for (const node of storedNodes(this.#context.store)) {
      this.#nodes.set(name(node), { ...node, isUp: known.get(name(node))?.isUp ?? false })
    }
  }

  /** Probes all nodes, and informs every worker if a status has changed. */
  async #probeAll(): Promise<void> {
    const nodes = [...this.#nodes.values()]
    const results = await Promise.all(nodes.map(({ ipaddr, port }) => this.#probe(ipaddr, port)))
    let isChanged = false
    for (const [index, node] of nodes.entries()) {
      if (node.isUp === results[index]) continue
      node.isUp = results[index]!
      isChanged = true
    }
    if (isChanged) this.announce()
  }

  #statuses(): NodeStatus[] {
    return Array.from(this.#nodes.values(), node => ({ ...node }))
  }
}

function name({ kind, nid }: NodeAddress): string {
  return `${kind}/${nid}`
}

function isSame(one: NodeAddress, other: NodeAddress): boolean {
  return one.ipaddr === other.ipaddr && one.port === other.port
}
