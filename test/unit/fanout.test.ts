import t from 'tap'
import { Fanout } from '#dist/fanout/fanout.js'
import { Carrier, Place, type Tally } from '#dist/fanout/topic.js'
import { encodeFrame } from '#dist/protocol/encode.js'
import { FATES, Fate } from '#dist/protocol/fate.js'
import { DataKind, toJson } from '#dist/protocol/json-format.js'
import { systemClock } from '#dist/util/clock.js'
import { seededRandom } from '../support/seed.js'
import { TurnedClock } from '../support/turned-clock.js'

const CARRIERS = [Carrier.WS_BINARY, Carrier.WS_JSON, Carrier.TCP]

/** A member that writes down what it is given, as the bytes were when it was given them and as they are at the end. */
class Recorder {
  readonly expected: Buffer[] = []
  readonly kept: Buffer[] = []
  readonly carrier: Carrier
  readonly place: Place
  isSlow = false
  missedMessages = 0
  #written: Buffer[] = []

  constructor(carrier: Carrier) {
    this.carrier = carrier
    this.place = new Place(this)
  }

  write(payload: Buffer, mayDrop: boolean): Fate {
    if (this.isSlow) return mayDrop ? Fate.BEHIND : Fate.SLOW
    this.#written.push(Buffer.from(payload))
    this.kept.push(payload)
    return Fate.TAKEN
  }

  missed(messages: number): void {
    this.missedMessages += messages
  }

  /** What came, in messages. */
  get messages(): string[] {
    if (this.carrier === Carrier.WS_JSON) return this.#written.flatMap(bytes => bytes.toString().split('\n'))
    return framesIn(Buffer.concat(this.#written))
  }

  get wanted(): string[] {
    return this.expected.map(frame =>
      this.carrier === Carrier.WS_JSON ? toJson(frame, DataKind.BYTES) : frame.toString('hex'),
    )
  }
}

function framesIn(bytes: Buffer): string[] {
  const frames: string[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = at + 4 + bytes.readUInt32BE(at)
    frames.push(bytes.toString('hex', at, end))
    at = end
  }
  return frames
}

const frameOf = (number: number, bytes: number) =>
  encodeFrame(0x040b, 0, { rid: 7, msgid: number, text: 'x'.repeat(bytes) })

const clock = systemClock(defect => {
  throw defect
})

/** Adds up what a fan-out says. */
class Books {
  offered = 0
  flushes = 0
  readonly fates: number[] = new Array<number>(FATES).fill(0)

  published(members: number): void {
    this.offered += members
  }

  flushed(): void {
    this.flushes++
  }

  settled(tally: Tally): void {
    for (const [fate, messages] of tally.entries()) this.fates[fate]! += messages
  }

  get accounted(): number {
    return this.fates.reduce((sum, messages) => sum + messages, 0)
  }
}

t.test('every member gets what was published while it was in, once and in order, whoever comes and goes', async t => {
  const random = seededRandom(t)
  let wakes = 0
  const books = new Books()
  const fanout = new Fanout(clock, 1, false, books, () => wakes++)
  t.teardown(() => fanout.close())
  const members = Array.from({ length: 60 }, () => new Recorder(random.pick(CARRIERS)))
  const topicOf = new Map<Recorder, number>()
  let published = 0
  for (let step = 0; step < 20_000; step++) {
    const member = random.pick(members)
    const dice = random.below(10)
    if (dice < 2) {
      fanout.leave(member.place)
      topicOf.delete(member)
    } else if (dice < 4 && !topicOf.has(member)) {
      const topic = random.below(5)
      fanout.join(topic, member.place, false)
      topicOf.set(member, topic)
    } else if (dice < 9) {
      const topic = random.below(5)
      // Now and then one that fills a flush by itself.
      const frame = frameOf(++published, random.below(100) === 0 ? 70_000 : random.below(200))
      const goesTo = fanout.publish(topic, frame, 0, frame.length, DataKind.BYTES)
      const inside = members.filter(one => topicOf.get(one) === topic)
      if (goesTo !== inside.length) t.fail(`published to ${goesTo}, not ${inside.length}`)
      for (const one of inside) one.expected.push(frame)
    } else fanout.flush()
  }
  for (const member of members) fanout.leave(member.place)
  t.equal(fanout.topics, 0, 'a topic goes with its last member')
  t.ok(wakes > 0)
  const due = members.reduce((sum, { expected }) => sum + expected.length, 0)
  t.strictSame([books.offered, books.fates[Fate.TAKEN]], [due, due], 'counted once for each member')
  for (const [index, member] of members.entries()) {
    t.strictSame(member.messages, member.wanted, `member ${index}`)
    if (member.carrier !== Carrier.TCP) continue
    t.strictSame(
      framesIn(Buffer.concat(member.kept)),
      member.wanted,
      'the memory that a raw TCP socket keeps is not used again',
    )
  }
})

t.test('what slow members miss is counted to the message, whoever comes, goes, stalls and reads again', async t => {
  const random = seededRandom(t)
  const books = new Books()
  const fanout = new Fanout(clock, 1, true, books, () => undefined)
  t.teardown(() => fanout.close())
  const members = Array.from({ length: 40 }, () => new Recorder(random.pick(CARRIERS)))
  const topicOf = new Map<Recorder, number>()
  for (let step = 0; step < 20_000; step++) {
    const member = random.pick(members)
    const topic = random.below(4)
    const dice = random.below(12)
    if (dice < 2) {
      fanout.leave(member.place)
      topicOf.delete(member)
    } else if (dice < 4 && !topicOf.has(member)) {
      // Half of the topics may drop.
      fanout.join(topic, member.place, topic < 2)
      topicOf.set(member, topic)
    } else if (dice < 9) {
      const frame = frameOf(step, random.below(100) === 0 ? 70_000 : random.below(200))
      fanout.publish(topic, frame, 0, frame.length, DataKind.BYTES)
      for (const one of members) if (topicOf.get(one) === topic) one.expected.push(frame)
    } else if (dice < 11) fanout.flush()
    else member.isSlow = !member.isSlow
  }
  for (const member of members) fanout.leave(member.place)
  for (const [index, { expected, messages, missedMessages }] of members.entries()) {
    if (expected.length === messages.length + missedMessages) continue
    t.fail(`member ${index}: ${expected.length} were for it, ${messages.length} came, ${missedMessages} are missing`)
  }
  const due = members.reduce((sum, { expected }) => sum + expected.length, 0)
  const missed = members.reduce((sum, { missedMessages }) => sum + missedMessages, 0)
  t.strictSame([books.offered, books.accounted], [due, due], 'all are accounted for')
  t.equal(books.fates[Fate.BEHIND]! + books.fates[Fate.SLOW]!, missed)
  t.ok(books.fates[Fate.BEHIND]! > 0 && books.fates[Fate.SLOW]! > 0, 'where a topic may drop, and where it may not')
})

t.test('where the gateway closes slow clients, no topic drops', async t => {
  const books = new Books()
  const fanout = new Fanout(new TurnedClock(), 1, false, books, () => undefined)
  const slow = new Recorder(Carrier.TCP)
  slow.isSlow = true
  fanout.join(1, slow.place, true)
  const frame = frameOf(1, 10)
  fanout.publish(1, frame, 0, frame.length, DataKind.BYTES)
  fanout.flush()
  t.strictSame(books.fates, [0, 0, 1, 0])
})

t.test(
  'a quiet topic is flushed at once, a busy one later, and what a slow member does not take is counted',
  async t => {
    const turned = new TurnedClock()
    let wakes = 0
    const books = new Books()
    const fanout = new Fanout(turned, 1000, true, books, () => wakes++)
    t.teardown(() => fanout.close())
    const quick = new Recorder(Carrier.WS_BINARY)
    const slow = new Recorder(Carrier.WS_BINARY)
    // Its flush costs something, so that the next one has to wait.
    const busy = new Recorder(Carrier.TCP)
    busy.write = () => {
      turned.pass(5)
      return Fate.TAKEN
    }
    for (const { place } of [quick, slow, busy]) fanout.join(1, place, true)
    slow.isSlow = true
    const say = (number: number) => {
      const frame = frameOf(number, 10)
      fanout.publish(1, frame, 0, frame.length, DataKind.BYTES)
    }
    say(1)
    fanout.flush()
    t.strictSame(books.fates, [2, 1, 0, 0], 'at once')
    say(2)
    say(3)
    fanout.flush()
    t.equal(books.flushes, 1, 'held back')
    wakes = 0
    turned.turn(20)
    t.equal(wakes, 1, 'a turn is asked for when its time has come')
    fanout.flush()
    t.strictSame(books.fates, [6, 3, 0, 0], 'both in one')
    t.equal(quick.messages.length, 3)
    t.equal(slow.messages.length, 0)
    t.equal(slow.missedMessages, 3)
  },
)
