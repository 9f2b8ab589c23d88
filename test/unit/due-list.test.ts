import t from 'tap'
import { DueList } from '#dist/util/due-list.js'
import { seededRandom } from '../support/seed.js'

/** Everything that is due, in the order in which it was given. */
function takeAll<T>(list: DueList<T>, now: number): T[] {
  const taken: T[] = []
  for (let item = list.take(now); item !== undefined; item = list.take(now)) taken.push(item)
  return taken
}

t.test('what is due comes, in the order of its seconds, and nothing before its time', async t => {
  const list = new DueList<string>()
  list.add('late', 5000)
  list.add('soon', 1001)
  list.add('now', 1000)
  t.equal(list.take(999), undefined)
  t.strictSame(takeAll(list, 1999), ['now'])
  t.strictSame(takeAll(list, 9000), ['soon', 'late'])
  t.equal(list.take(1e12), undefined)
})

t.test('what was taken out is not due', async t => {
  const list = new DueList<string>()
  list.add('one', 1000)
  list.add('other', 1000)
  list.remove('one', 1000)
  list.remove('stranger', 7000)
  t.strictSame(takeAll(list, 1000), ['other'])
})

t.test('random items are due as in a list that is searched', async t => {
  const random = seededRandom(t)
  const list = new DueList<number>()
  const model = new Map<number, number>()
  let now = 0
  for (let step = 0; step < 5000; step++) {
    const at = now + random.below(60_000)
    if (random.below(4) > 0) {
      list.add(step, at)
      model.set(step, at)
    } else if (random.below(2) === 0 && model.size > 0) {
      const item = random.pick([...model.keys()])
      list.remove(item, model.get(item)!)
      model.delete(item)
    } else {
      now += random.below(3000)
      const due = [...model].filter(([, end]) => Math.ceil(end / 1000) * 1000 <= now).map(([item]) => item)
      t.strictSame(new Set(takeAll(list, now)), new Set(due))
      for (const item of due) model.delete(item)
    }
  }
})
