import t from 'tap'
import { Bus } from '#dist/bus/bus.js'
import { createRing } from '#dist/bus/ring.js'
import { createWakeWords, SharedWakeups } from '#dist/bus/wake.js'
import type { Answer } from '#dist/contract/answer.js'
import { Calls } from '#dist/contract/calls.js'
import { callNumbersOf, numbersOf } from '#dist/contract/generation.js'
import { RecordKind } from '#dist/contract/records.js'
import { systemClock } from '#dist/util/clock.js'
import { seededRandom } from '../support/seed.js'

type Contract = {
  double: { args: { n: number; pad: Buffer }; reply: { twice: number } }
  fail: { args: { n: number }; reply: { twice: number } }
  late: { args: { n: number }; reply: { twice: number } }
}

/** Only the names of the rows matter. */
const row = {} as never

const RING_BYTES = 4096
const OTHER = 99

/** One worker that talks to itself over a small ring, so that much has to wait. */
function loopback(onOther: (number: number) => void) {
  const ring = createRing(RING_BYTES)
  const defects: unknown[] = []
  const bus: Bus = new Bus(
    0,
    [{ outgoing: ring, incoming: ring, generation: 0 }],
    new SharedWakeups(createWakeWords(1), 0),
    RING_BYTES * 1000,
    (from, kind, block, at, end) => {
      if (kind === OTHER) onOther(block.readUInt32LE(at))
      else if (kind === RecordKind.CALL_HERE) calls.onCall(from, block, at, end, true)
      else if (kind === RecordKind.REPLY_HERE) calls.onReply(block, at, end, true)
      else throw new Error(`a record of kind ${kind}`)
    },
  )
  const clock = systemClock(defect => defects.push(defect))
  const onDefect = (defect: unknown) => {
    defects.push(defect)
    return { refused: 2 }
  }
  const rows: Contract = { double: row, fail: row, late: row }
  const calls = new Calls<Contract>(
    { bus, clock, nextId: callNumbersOf(3), busy: { refused: 1 }, onDefect },
    rows,
    1000,
  )
  calls.serve([
    { double: ({ n }) => ({ twice: n * 2 }) },
    {
      fail: ({ n }) => {
        throw new Error(`number ${n}`)
      },
      late: async ({ n }) => ({ twice: n * 2 }),
    },
  ])
  const settle = async () => {
    for (let quiet = 0; quiet < 3; ) {
      quiet = bus.drain(1000) === 0 && bus.flush() ? quiet + 1 : 0
      await new Promise(resolve => setImmediate(resolve))
    }
  }
  const send = (body: Buffer) => {
    const at = bus.begin(0, OTHER, body.length)
    body.copy(bus.block, at)
    bus.end()
  }
  return { bus, calls, defects, settle, send }
}

t.test('a late answer does not go to the worker that took the place of the one that asked', async t => {
  const defects: unknown[] = []
  const clock = systemClock(defect => defects.push(defect))
  const onDefect = (defect: unknown) => {
    defects.push(defect)
    return { refused: 2 }
  }
  const words = createWakeWords(2)
  /** @param index of the worker, in both lists */
  const worker = (index: number, rings: SharedArrayBuffer[][], late: () => Promise<{ twice: number }>) => {
    const links = [0, 1].map(peer => ({
      outgoing: rings[index]![peer]!,
      incoming: rings[peer]![index]!,
      generation: 0,
    }))
    const bus: Bus = new Bus(
      index,
      links,
      new SharedWakeups(words, index),
      RING_BYTES,
      (from, kind, block, at, end) => {
        if (kind === RecordKind.CALL) calls.onCall(from, block, at, end, false)
        else if (kind === RecordKind.REPLY) calls.onReply(block, at, end, false)
      },
    )
    const rows: Contract = { double: row, fail: row, late: row }
    const services = { bus, clock, nextId: callNumbersOf(0), busy: { refused: 1 }, onDefect }
    const calls = new Calls<Contract>(services, rows, 1000)
    calls.serve([{ double: ({ n }) => ({ twice: n * 2 }), fail: () => ({ twice: 0 }), late }])
    return { bus, calls }
  }
  const rings = () => [0, 1].map(() => [0, 1].map(() => createRing(RING_BYTES)))
  const never = () => new Promise<never>(() => undefined)
  let answerLate: (answer: { twice: number }) => void = () => undefined
  const first = rings()
  const home = worker(0, first, () => new Promise(resolve => (answerLate = resolve)))
  const ended = worker(1, first, never)
  ended.calls.request(0, 'late', { n: 1 }, () => t.fail('it has ended'))
  home.bus.drain(10)

  const second = rings()
  home.bus.disconnect(1)
  home.calls.disconnect(1)
  home.bus.connect(1, { outgoing: second[0]![1]!, incoming: second[1]![0]!, generation: 0 })
  const next = worker(1, second, never)
  const answers: unknown[] = []
  next.calls.request(0, 'double', { n: 4, pad: Buffer.alloc(0) }, answer => answers.push(answer))
  answerLate({ twice: 2 })
  await new Promise(resolve => setImmediate(resolve))
  home.bus.drain(10)
  next.bus.drain(10)
  t.strictSame(answers, [{ twice: 8 }])
  t.strictSame(defects, [])
})

t.test('calls of a worker to itself are answered in order with all other records, however many wait', async t => {
  const random = seededRandom(t)
  const seen: string[] = []
  const wanted: string[] = []
  const { bus, calls, defects, settle, send } = loopback(number => seen.push(`other ${number}`))
  let failures = 0
  for (let n = 1; n <= 3000; n++) {
    const dice = random.below(4)
    if (dice === 0) {
      const body = Buffer.alloc(4 + random.below(900))
      body.writeUInt32LE(n)
      send(body)
      wanted.push(`other ${n}`)
    } else {
      const method = dice === 1 ? 'fail' : 'double'
      if (method === 'fail') failures++
      const onAnswer = (answer: Answer<{ twice: number }>) => seen.push(`${n} ${JSON.stringify(answer)}`)
      calls.request(0, method, { n, pad: Buffer.alloc(0) }, onAnswer)
      wanted.push(`${n} ${JSON.stringify(method === 'fail' ? { refused: 2 } : { twice: n * 2 })}`)
    }
    if (random.below(200) === 0) await settle()
  }
  await settle()
  const isOther = (line: string) => line.startsWith('other')
  t.ok(bus.overflowed > 0, 'records had to wait')
  t.strictSame(seen.filter(isOther), wanted.filter(isOther), 'other records kept their order')
  t.strictSame(
    seen.filter(line => !isOther(line)),
    wanted.filter(line => !isOther(line)),
    'every call got its own answer, in order',
  )
  t.equal(defects.length, failures)
})

t.test('an answer that comes after its deadline takes nothing from the next one', async t => {
  const { calls, settle } = loopback(() => undefined)
  const answers: unknown[] = []
  calls.request(0, 'double', { n: 1, pad: Buffer.alloc(0) }, answer => answers.push(answer))
  calls.expire(performance.now() + 5000)
  calls.request(0, 'double', { n: 2, pad: Buffer.alloc(0) }, answer => answers.push(answer))
  await settle()
  t.strictSame(answers, [{ refused: 1 }, { twice: 4 }])
})

t.test('askNow is answered at once by a handler that can, and later by one that cannot', async t => {
  const { bus, calls, settle, send } = loopback(() => undefined)
  t.strictSame(calls.askNow(0, 'double', { n: 3, pad: Buffer.alloc(0) }), { twice: 6 })
  t.strictSame(calls.askNow(0, 'fail', { n: 3 }), { refused: 2 })
  t.strictSame(await calls.askNow(0, 'late', { n: 3 }), { twice: 6 })
  const body = Buffer.alloc(1000)
  while (!bus.congested(0)) send(body)
  t.strictSame(await calls.askNow(0, 'double', { n: 3, pad: body }), { refused: 1 }, 'not while too much waits')
  t.strictSame(calls.askHere('double', { n: 3, pad: body }), { twice: 6 }, 'what is only looked up is')
  await settle()
  t.strictSame(calls.askNow(0, 'double', { n: 4, pad: body }), { twice: 8 })
})

t.test('numbers of two generations of a seat never meet', async t => {
  const seen = new Set<number>()
  for (const generation of [0, 1, 2, 255, 4095]) {
    const next = numbersOf(generation)
    for (let count = 0; count < 1000; count++) seen.add(next())
  }
  t.equal(seen.size, 5000)
  t.ok(Math.max(...seen) * 256 + 255 < Number.MAX_SAFE_INTEGER, 'and stay whole as keys of topics')
  const calls = new Set<number>()
  for (const generation of [0, 1, 2, 255]) {
    const next = callNumbersOf(generation)
    for (let count = 0; count < 1000; count++) calls.add(next())
  }
  t.equal(calls.size, 4000)
  t.notOk(calls.has(0), 'a call without an answer has no number')
  t.ok(Math.max(...calls) <= 0xffff_ffff, '32 bits')
  const next = callNumbersOf(1)
  let last = 0
  for (let count = 0; count < 2 ** 24; count++) last = next()
  t.equal(last, 2 ** 24 + 1, 'they begin again within their generation')
})
