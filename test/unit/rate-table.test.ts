import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import t from 'tap'
import { AddressCounts, TOO_MANY, UNCOUNTED } from '#dist/admission/address-counts.js'
import { Network } from '#dist/admission/network.js'
import { RateTable } from '#dist/admission/rate-table.js'
import { KeyedHash } from '#dist/util/keyed-hash.js'

const hash = new KeyedHash(0x03020100, 0x07060504)
const SECOND_US = 1_000_000
/** Where 32 bits of microseconds come round. */
const ROUND_US = 2 ** 32

t.test('the hash is HalfSipHash-2-4', t => {
  // vectors_hsip64 of the reference, for the input 00 01 ... 07 under the key 00 01 ... 07.
  const bytes = Buffer.alloc(8)
  bytes.writeInt32LE(hash.of(0x03020100, 0x07060504), 0)
  bytes.writeInt32LE(hash.low, 4)
  t.equal(bytes.toString('hex'), 'edfee820bce4858c')
  t.not(new KeyedHash(1, 2).of(0x03020100, 0x07060504), hash.of(0x03020100, 0x07060504), 'another key, another hash')
  t.end()
})

t.test('so often at once, and then as the rate says', t => {
  // Also where the clock's microseconds pass 2^31 and 2^32.
  for (const start of [5, 2 ** 31 - 500_000, ROUND_US - 500_000, 7 * ROUND_US + 123]) {
    const table = new RateTable(RateTable.memory(), hash, 4, 1000)
    for (let count = 0; count < 4; count++) t.equal(table.take(1, 2, start), 0)
    t.equal(table.take(1, 2, start), 250, 'milliseconds to wait')
    t.equal(table.wait(1, 2, start), 250)
    t.equal(table.take(1, 3, start), 0, 'somebody else')
    t.equal(table.take(1, 2, start + SECOND_US / 4), 0, 'one more after a quarter of the second')
    t.ok(table.take(1, 2, start + SECOND_US / 4) > 0)
    for (let count = 0; count < 4; count++)
      t.equal(table.take(1, 2, start + 3 * SECOND_US), 0, 'all of it after a while')
    t.ok(table.take(1, 2, start + 3 * SECOND_US) > 0)
  }
  t.end()
})

t.test('an odd limit is exact as well, over a minute too', t => {
  for (const [limit, windowMs] of [
    [1, 1000],
    [3, 1000],
    [7, 60_000],
    [999, 60_000],
  ] as const) {
    const table = new RateTable(RateTable.memory(), hash, limit, windowMs)
    let passed = 0
    for (let count = 0; count < 2 * limit + 2; count++) if (table.take(0, 9, 77) === 0) passed++
    t.equal(passed, limit)
  }
  t.end()
})

t.test('what was said of the future an hour ago is not believed', t => {
  const table = new RateTable(RateTable.memory(), hash, 2, 60_000)
  const start = 1000
  for (let count = 0; count < 2; count++) table.take(5, 5, start)
  table.prune(start + 61 * SECOND_US)
  t.equal(table.take(5, 5, start + ROUND_US), 0, 'the times have come round')
  t.end()
})

t.test('a flood of strangers drives out strangers, and the memory stays as it is', t => {
  const memory = RateTable.memory()
  const { byteLength } = memory
  const table = new RateTable(memory, hash, 10, 60_000)
  while (table.take(42, 42, 1000) === 0);
  for (let stranger = 0; stranger < 1_000_000; stranger++) table.take(7, stranger, 1000)
  t.ok(table.take(42, 42, 1000) > 0, 'who is over the limit stays over it')
  t.equal(memory.byteLength, byteLength)
  t.end()
})

t.test('two tables over the same memory are one', t => {
  const memory = RateTable.memory()
  const [one, other] = [new RateTable(memory, hash, 2, 1000), new RateTable(memory, hash, 2, 1000)]
  t.equal(one.take(1, 1, 5), 0)
  t.equal(other.take(1, 1, 5), 0)
  t.ok(one.take(1, 1, 5) > 0)
  t.end()
})

t.test('connections of an address count over all workers, and those of a lost one do not', t => {
  const memory = AddressCounts.memory(2)
  const [one, other] = [new AddressCounts(memory, hash, 0), new AddressCounts(memory, hash, 1)]
  const places = [one.enter(1, 1, 3), one.enter(1, 1, 3), other.enter(1, 1, 3)]
  t.ok(places.every(place => place >= 0))
  t.equal(one.enter(1, 1, 3), TOO_MANY)
  t.equal(other.enter(1, 1, 3), TOO_MANY)
  t.ok(other.enter(1, 2, 3) >= 0, 'another address')
  other.leave(places[2]!)
  const again = one.enter(1, 1, 3)
  t.ok(again >= 0, 'a place is free')
  t.equal(other.enter(1, 1, 3), TOO_MANY)
  AddressCounts.forget(memory, 0)
  for (let count = 0; count < 3; count++) t.ok(other.enter(1, 1, 3) >= 0)
  t.equal(other.enter(1, 1, 3), TOO_MANY)
  t.end()
})

t.test('a full table lets others come uncounted, and places are used again', t => {
  const memory = AddressCounts.memory(1)
  const counts = new AddressCounts(memory, hash, 0)
  const places = Array.from({ length: 100_000 }, (_, address) => counts.enter(0, address, 1))
  t.notOk(places.includes(TOO_MANY))
  t.ok(places.includes(UNCOUNTED), 'there are more than it has places')
  for (const place of places) counts.leave(place)
  t.ok(
    new Int32Array(memory).every((word, index) => index % 2 === 0 || word === 0),
    'all have left',
  )
  t.end()
})

t.test('addresses are told apart by network', t => {
  const network = new Network()
  const of = (address: string) => {
    const { high, low } = network.read(address)
    return `${high >>> 0} ${low >>> 0}`
  }
  t.equal(of('127.0.0.1'), of('::ffff:127.0.0.1'))
  t.equal(of('127.0.0.1'), of('0000:0000:0000:0000:0000:ffff:7f00:0001'))
  t.equal(of('127.0.0.1'), of('::ffff:7f00:1'))
  t.not(of('127.0.0.1'), of('127.0.0.2'))
  t.equal(of('2001:db8:1:2::1'), of('2001:0db8:0001:0002:ffff:ffff:ffff:ffff'), 'one /64')
  t.not(of('2001:db8:1:2::1'), of('2001:db8:1:3::1'), 'two of them')
  t.equal(of('2001:db8::'), of('2001:db8:0:0:1::'))
  t.equal(of('::1'), of('0000:0000:0000:0000:0000:0000:0000:0001'))
  t.not(of('::1'), of('127.0.0.1'))
  t.equal(of(''), of('::'), 'no address')
  t.end()
})

t.test('threads that ask at the same time get together what one would get', async t => {
  const [threads, names, limit] = [3, 2000, 5]
  const order = {
    rates: RateTable.memory(),
    counts: AddressCounts.memory(threads),
    gate: new Int32Array(new SharedArrayBuffer(8)),
    threads,
    names,
    limit,
  }
  const results = await Promise.all(
    Array.from({ length: threads }, async (_, worker) => {
      const taker = new Worker(new URL('../support/limit-taker.js', import.meta.url), {
        workerData: { ...order, worker },
        execArgv: [],
      })
      const [result] = await once(taker, 'message')
      return result as { given: Uint32Array; entered: number; most: number }
    }),
  )
  const wrong = Array.from({ length: names }, (_, name) =>
    results.reduce((sum, { given }) => sum + given[name]!, 0),
  ).filter(sum => sum !== limit)
  t.strictSame(wrong, [], 'each name as often as its limit says')
  t.equal(Math.max(...results.map(({ most }) => most)), 1, 'never two where one may be')
  t.ok(results.some(({ entered }) => entered > 0))
})
