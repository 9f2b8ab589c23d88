import t from 'tap'
import { isRefused } from '#dist/contract/answer.js'
import { ListenerType } from '#dist/contract/listener.js'
import type { NodeStatus } from '#dist/contract/methods.js'
import { localPlacement } from '#dist/contract/placement.js'
import type { HomeContext } from '#dist/shard/context.js'
import { Nodes } from '#dist/shard/nodes.js'
import { MemoryDisk, MemoryStore } from '#dist/store/memory-store.js'
import { NodeKind } from '#dist/store/schema.js'
import { systemClock } from '#dist/util/clock.js'
import type { Nid } from '#dist/util/id.js'

const nid = (number: number) => number as unknown as Nid
const node = (number: number, port: number) =>
  ({ kind: 'listend', nid: nid(number), ipaddr: '192.0.2.1', port, type: ListenerType.WS }) as const

/** Nodes on the model of a store, and what the workers were told of them. */
function nodesOn(disk: MemoryDisk) {
  const clock = systemClock(defect => {
    throw defect
  })
  const store = new MemoryStore(disk, clock)
  const told: (readonly NodeStatus[])[] = []
  const calls = {
    tellAll: (_method: string, { nodes }: { nodes: NodeStatus[] }) => told.push(nodes),
    askAll: async (_method: string, { nodes }: { nodes: NodeStatus[] }) => told.push(nodes),
  }
  const context = {
    options: { nodeId: 1 },
    store,
    // The timer of the probes would keep the test from its end.
    clock: { ...clock, every: () => ({}) },
    calls,
    placement: localPlacement(0, 1),
    log: { error: () => undefined },
    onDefect: (defect: unknown) => {
      throw defect
    },
  } as unknown as HomeContext
  return { store, told, nodes: new Nodes(context, async () => true) }
}

t.test('a node that is stored is known before the first question', async t => {
  const disk = new MemoryDisk()
  const { store } = nodesOn(disk)
  store.tables.nodes.put([NodeKind.LISTEND, nid(30)], { ipaddr: '192.0.2.1', port: 1, type: ListenerType.WS })
  await store.commit()
  const { nodes } = nodesOn(disk)
  const answer = await nodes.methods.nodeAdd(node(30, 2), 0)
  t.ok(isRefused(answer), 'its number is taken')
})

t.test('what is added while the others are told of the beginning stays', async t => {
  const { nodes, told } = nodesOn(new MemoryDisk())
  const added = nodes.methods.nodeAdd(node(30, 1), 0)
  nodes.start()
  await added
  t.strictSame(
    told.at(-1)!.map(one => one.nid),
    [30],
  )
})

t.test('a refusal is told to nobody else; one of the disk leaves the others as they were', async t => {
  const disk = new MemoryDisk()
  const { nodes, told } = nodesOn(disk)
  await nodes.methods.nodeAdd(node(30, 1), 0)
  await new Promise(resolve => setImmediate(resolve))
  t.equal(told.at(-1)![0]!.isUp, true)
  const before = told.length
  t.ok(isRefused(await nodes.methods.nodeAdd(node(30, 2), 0)))
  await new Promise(resolve => setImmediate(resolve))
  t.equal(told.length, before)

  disk.failures = 1
  t.ok(isRefused(await nodes.methods.nodeAdd(node(31, 1), 0)))
  t.strictSame(
    told.at(-1)!.map(({ nid, isUp }) => ({ nid, isUp })),
    [{ nid: 30, isUp: true }],
  )
})
