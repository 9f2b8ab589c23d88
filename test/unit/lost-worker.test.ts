import t from 'tap'
import { Bus } from '#dist/bus/bus.js'
import { createRing } from '#dist/bus/ring.js'
import { createWakeWords, SharedWakeups } from '#dist/bus/wake.js'
import { writeDeliver, writeFanout } from '#dist/contract/records.js'
import { Counters, createCounters } from '#dist/ops/counters.js'
import { DataKind } from '#dist/protocol/json-format.js'
import type { Cid } from '#dist/util/id.js'
import { countUnread, settleLost } from '#dist/worker/lost.js'

const RING_BYTES = 4096
const MEMBERS = 7

/** Two workers, of which the second reads when the test says so. */
function twoWorkers() {
  const rings = [0, 1].map(() => [0, 1].map(() => createRing(RING_BYTES)))
  const words = createWakeWords(2)
  const read: number[] = []
  const [first, second] = [0, 1].map(self => {
    const links = [0, 1].map(peer => ({ outgoing: rings[self]![peer]!, incoming: rings[peer]![self]!, generation: 0 }))
    return new Bus(self, links, new SharedWakeups(words, self), RING_BYTES, (_from, kind) => read.push(kind))
  })
  const counters = new Counters(createCounters(2))
  return { first: first!, second: second!, read, rings, counters }
}

const fanOut = (bus: Bus, to: number, bytes: number) =>
  writeFanout(bus, to, { topic: 1, workers: [MEMBERS, MEMBERS] }, DataKind.BYTES, Buffer.alloc(bytes))

t.test('what a lost worker has not read counts for all that it was for', async t => {
  const { first, second, read, counters } = twoWorkers()
  fanOut(first, 1, 100)
  fanOut(first, 1, 100)
  second.drain(1)
  t.equal(read.length, 1)
  writeDeliver(first, 1, 5 as Cid, DataKind.BYTES, Buffer.alloc(10))
  // One that is cut in pieces, and one that waits behind it.
  fanOut(first, 1, 2 * RING_BYTES)
  fanOut(first, 1, 100)
  const row = counters.row(0)
  first.disconnect(1, (kind, block, at) => countUnread(row, kind, block, at))
  t.equal(counters.get(0, 'dropped_lost_worker'), 3 * MEMBERS)
  t.equal(counters.get(0, 'offered_total'), 3 * MEMBERS)
  t.equal(counters.get(0, 'frames_dropped_lost_worker'), 1)
  first.disconnect(1, () => t.fail('once'))
})

t.test('what was lost inside a worker is counted when it has ended', async t => {
  const { second, rings, counters } = twoWorkers()
  const row = counters.row(1)
  row.add('offered_total', 10)
  row.add('deliveries_total', 6)
  row.add('dropped_behind', 1)
  fanOut(second, 1, 100)
  settleLost(counters, 1, rings[1]![1]!)
  t.equal(counters.get(1, 'dropped_lost_worker'), 3 + MEMBERS, 'held back, and on its way to itself')
  t.equal(counters.get(1, 'offered_total'), 10 + MEMBERS)
  settleLost(counters, 1, createRing(RING_BYTES))
  t.equal(counters.get(1, 'dropped_lost_worker'), 3 + MEMBERS, 'the next one that has the seat lost nothing')
})

t.test('a ring that cannot be read says nothing, and harms nobody', async t => {
  const { first, rings, counters } = twoWorkers()
  fanOut(first, 1, 100)
  new Uint32Array(rings[0]![1]!, 256, 1)[0] = 0xffff_ffff
  const row = counters.row(0)
  first.disconnect(1, (kind, block, at) => countUnread(row, kind, block, at))
  t.equal(counters.get(0, 'dropped_lost_worker'), 0)
  t.notOk(first.isUp(1))
})
