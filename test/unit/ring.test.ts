import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import t from 'tap'
import { createRing, FULL, RingConsumer, RingProducer } from '#dist/bus/ring.js'
import { seededRandom } from '../support/seed.js'

t.test('records come out as they went in, in order, also over the end of the ring', async t => {
  const random = seededRandom(t)
  const ring = createRing(4096)
  const producer = new RingProducer(ring)
  const consumer = new RingConsumer(ring)
  const expected: { kind: number; body: Buffer }[] = []
  let received = 0
  for (let step = 0; step < 20_000; step++) {
    if (random.below(2) === 0) {
      const body = Buffer.alloc(random.below(producer.recordBytesMax + 1), random.below(256))
      const at = producer.claim(body.length)
      if (at === FULL) {
        t.ok(expected.length > received, 'only a ring with records in it is full')
        continue
      }
      if (at % 8 !== 0) t.fail('a body is not aligned')
      body.copy(producer.block, at)
      const kind = 1 + random.below(1000)
      producer.commit(kind)
      expected.push({ kind, body })
    } else {
      consumer.drain((kind, block, start, end) => {
        const want = expected[received++]!
        if (kind !== want.kind || !want.body.equals(block.subarray(start, end))) t.fail(`record ${received} differs`)
      }, 1 + random.below(5))
    }
  }
  consumer.drain(() => received++, Number.POSITIVE_INFINITY)
  t.equal(received, expected.length, 'none lost, none doubled')
  t.ok(consumer.isEmpty)
  t.ok(received > 5000)
})

t.test('a record that can never fit is a mistake of the caller', async t => {
  const producer = new RingProducer(createRing(4096))
  t.throws(() => producer.claim(producer.recordBytesMax + 1), RangeError)
  t.throws(() => createRing(5000), RangeError)
})

t.test('a record counts as read when its handler throws', async t => {
  const ring = createRing(4096)
  const producer = new RingProducer(ring)
  const consumer = new RingConsumer(ring)
  for (let i = 0; i < 2; i++) {
    producer.claim(0)
    producer.commit(i + 1)
  }
  t.throws(
    () =>
      consumer.drain(() => {
        throw new Error('no')
      }, 10),
    { message: 'no' },
  )
  const kinds: number[] = []
  consumer.drain(kind => kinds.push(kind), 10)
  t.strictSame(kinds, [2])
})

t.test('two threads: every record of a million arrives whole and in order', async t => {
  const ring = createRing(65_536)
  const records = 1_000_000
  const worker = new Worker(new URL('../support/ring-producer.js', import.meta.url), {
    workerData: { ring, records },
    execArgv: [],
  })
  const consumer = new RingConsumer(ring)
  let next = 0
  let wrong = 0
  while (next < records) {
    const got = consumer.drain((kind, block, start, end) => {
      // The number, then as many bytes of it as its own low bits say.
      const number = block.readUInt32LE(start)
      if (number !== next || kind !== 1 + (number % 7) || end - start !== 4 + (number % 61)) wrong++
      for (let at = start + 4; at < end; at++) if (block[at] !== (number & 0xff)) wrong++
      next++
    }, 10_000)
    if (got === 0) await new Promise(resolve => setImmediate(resolve))
  }
  t.equal(wrong, 0)
  await once(worker, 'exit')
})

t.test('a length that makes no sense ends the reading: no loop, and nothing outside the ring', async t => {
  const CAPACITY = 4096
  for (const [what, length, kind] of [
    ['beyond what was published', 64, 1],
    ['beyond the ring', CAPACITY, 1],
    ['4 GiB', 0xffff_ffff, 1],
    ['so that the next would be this one', 0xffff_fff8, 0],
    ['padding beyond what was published', 4000, 0],
  ] as const) {
    const ring = createRing(CAPACITY)
    const producer = new RingProducer(ring)
    const consumer = new RingConsumer(ring)
    for (const index of [1, 2, 3]) {
      producer.claim(8)
      producer.commit(index)
    }
    producer.block.writeUInt32LE(length, 16)
    producer.block.writeUInt32LE(kind, 20)
    const kinds: number[] = []
    t.throws(() => consumer.drain(kind => kinds.push(kind), 10), { name: 'RingCorruption' }, what)
    t.strictSame(kinds, [1], 'what stood before it was read')
    t.ok(consumer.isEmpty)
    producer.claim(0)
    producer.commit(9)
    consumer.drain(kind => kinds.push(kind), 10)
    t.strictSame(kinds, [1, 9], 'what comes later is read')
  }
})
