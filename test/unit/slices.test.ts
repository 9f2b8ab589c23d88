import t from 'tap'
import { replyText } from '#dist/http/reply-text.js'
import { stringify } from '#dist/util/json.js'
import { inSlices, type Steps } from '#dist/util/slices.js'
import { TurnedClock } from '../support/turned-clock.js'

/** A clock on which every look at it takes a millisecond, and that counts the turns it was asked for. */
class TickingClock extends TurnedClock {
  turns = 0
  #ms = 0

  override now(): number {
    this.#ms += 1
    return this.#ms
  }

  override soon(run: () => void): void {
    this.turns++
    super.soon(run)
  }
}

function* count(to: number, seen: number[]): Steps<number> {
  for (let step = 0; step < to; step++) {
    seen.push(step)
    yield
  }
  return to
}

t.test('work that fits into one slice is done at once', async t => {
  const clock = new TickingClock()
  t.equal(inSlices(clock, count(1, [])), 1)
  t.equal(clock.turns, 0)
})

t.test('long work lets others have their turn, and does every step once, in order', async t => {
  const clock = new TickingClock()
  const seen: number[] = []
  const done = inSlices(clock, count(100, seen))
  t.ok(seen.length < 10, 'the first slice ends soon')
  let others = 0
  const other = setInterval(() => others++, 0)
  t.equal(await done, 100)
  clearInterval(other)
  t.strictSame(
    seen,
    Array.from({ length: 100 }, (_, step) => step),
  )
  t.ok(clock.turns >= 30, `${clock.turns} turns`)
})

t.test('what a late step throws arrives', async t => {
  function* failing(): Steps<number> {
    yield* count(10, [])
    throw new Error('late')
  }
  await t.rejects(async () => await inSlices(new TickingClock(), failing()), { message: 'late' })
})

t.test('a reply with a long list is made in slices, and is the same', async t => {
  const list = Array.from({ length: 12_345 }, (_, idx) => ({ idx, gid: 2n ** 63n + BigInt(idx), name: `"${idx}"` }))
  const reply = { len: list.length, list, more: { list: [1] } }
  const clock = new TickingClock()
  t.equal(await replyText(clock, reply), stringify(reply))
  t.ok(clock.turns >= 30, `${clock.turns} turns`)
  for (const short of [{}, { list: [] }, { list: [1, 2] }, { a: 'b' }]) {
    t.equal(replyText(clock, short), stringify(short), 'a short one is there at once')
  }
})
