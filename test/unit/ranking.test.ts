import t, { type Test } from 'tap'
import { Ranking } from '#dist/shard/ranking.js'
import { EDGE_IDS, type Id } from '../support/ids.js'
import { seededRandom } from '../support/seed.js'

/** The counts, kept in the plainest way. */
class Model {
  readonly counts = new Map<Id, number>()

  change(id: Id, step: 1 | -1): void {
    const count = Math.max(0, (this.counts.get(id) ?? 0) + step)
    if (count === 0) this.counts.delete(id)
    else this.counts.set(id, count)
  }

  top(num: number): number[] {
    return [...this.counts.values()].sort((one, other) => other - one).slice(0, num)
  }
}

/** Among equals any order is right, so: the counts in order, and every entry with the count that is its own. */
function isTop(t: Test, ranking: Ranking, model: Model, num: number, when: string): boolean {
  const top = ranking.top(num)
  const counts = model.top(num)
  const isRight =
    top.length === counts.length &&
    top.every(({ id, count }, index) => count === counts[index] && model.counts.get(id) === count) &&
    new Set(top.map(({ id }) => id)).size === top.length
  if (!isRight) t.strictSame(top, counts, `top ${num} ${when}`)
  return isRight
}

function isSame(t: Test, ranking: Ranking, model: Model, ids: readonly Id[], when: string): boolean {
  const isRight =
    ranking.size === model.counts.size && ids.every(id => ranking.countOf(id) === (model.counts.get(id) ?? 0))
  if (!isRight) t.strictSame(new Map(ids.map(id => [id, ranking.countOf(id)])), model.counts, `counts ${when}`)
  return isRight && isTop(t, ranking, model, ids.length + 1, when)
}

t.test('an empty ranking has no top, and what it does not have counts 0', async t => {
  const ranking = new Ranking()
  t.strictSame(ranking.top(10), [])
  ranking.decrease(7)
  ranking.remove(7)
  t.equal(ranking.countOf(7), 0)
  t.equal(ranking.size, 0)
})

t.test('every change of a random sequence leaves what a plain map would have', async t => {
  const random = seededRandom(t)
  for (const [idCount, steps] of [
    [1, 200],
    [3, 2000],
    [40, 4000],
    // More than the first size of its arrays.
    [3000, 10_000],
  ] as const) {
    const ids = [...EDGE_IDS, ...Array.from({ length: idCount }, (_, index) => 2 ** 40 + index)].slice(-idCount)
    const [ranking, model] = [new Ranking(), new Model()]
    let isRight = true
    for (let step = 0; step < steps && isRight; step++) {
      const id = random.pick(ids)
      const kind = random.below(20)
      // Long rises and falls: sums of even steps would stay near 0.
      const isRise = Math.floor(step / 500) % 2 === 0 ? kind < 13 : kind < 6
      if (kind === 19) {
        ranking.remove(id)
        model.counts.delete(id)
      } else if (isRise) {
        ranking.increase(id)
        model.change(id, 1)
      } else {
        ranking.decrease(id)
        model.change(id, -1)
      }
      const when = `after step ${step}`
      isRight = ranking.countOf(id) === (model.counts.get(id) ?? 0)
      if (idCount <= 40 || step % 500 === 0) isRight &&= isSame(t, ranking, model, ids, when)
      else isRight &&= isTop(t, ranking, model, 1 + random.below(10), when)
    }
    t.ok(isRight, `${steps} changes of ${idCount} ids`)
    for (const id of ids) ranking.remove(id)
    t.strictSame(ranking.top(5), [], 'at last it is empty')
    t.equal(ranking.size, 0)
  }
})

t.test('what is loaded ranks as if it had been counted', async t => {
  const random = seededRandom(t)
  const [ranking, model] = [new Ranking(), new Model()]
  const ids = Array.from({ length: 2000 }, (_, index) => index + 1)
  for (const id of ids) model.counts.set(id, 1 + random.below(50))
  ranking.load([...model.counts].map(([id, count]) => ({ id, count })))
  t.ok(isSame(t, ranking, model, ids, 'after the load'), 'loaded')
  for (let step = 0; step < 5000; step++) {
    const id = random.pick(ids)
    const change = random.below(2) === 0 ? 1 : -1
    if (change === 1) ranking.increase(id)
    else ranking.decrease(id)
    model.change(id, change)
  }
  t.ok(isSame(t, ranking, model, ids, 'after changes'), 'changed')
})

t.test('ids beyond 2^53 that differ in the last bit are two', async t => {
  const ranking = new Ranking()
  const [one, other] = [2n ** 64n - 1n, 2n ** 64n - 2n]
  ranking.increase(one)
  ranking.increase(one)
  ranking.increase(other)
  t.strictSame(ranking.top(10), [
    { id: one, count: 2 },
    { id: other, count: 1 },
  ])
})
