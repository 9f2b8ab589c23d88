import t from 'tap'
import { Membership, Memberships } from '#dist/session/memberships.js'
import { seededRandom } from '../support/seed.js'

t.test('memberships are found, added and removed as in a map, few or many', async t => {
  const random = seededRandom(t)
  const memberships = new Memberships()
  const model = new Map<number, Membership>()
  const session = undefined as never
  for (let step = 0; step < 5000; step++) {
    const id = 1 + random.below(step < 2500 ? 8 : 60)
    const known = model.get(id)
    if (memberships.get(id) !== known) t.fail(`membership ${id} is not the one that was added`)
    if (known === undefined) {
      const membership = new Membership(session, id)
      memberships.set(membership)
      model.set(id, membership)
    } else {
      memberships.delete(id)
      model.delete(id)
    }
    if (memberships.size !== model.size) t.fail(`${memberships.size} memberships, not ${model.size}`)
  }
  const ids = Array.from(memberships, ({ id }) => id as number).sort((one, other) => one - other)
  t.strictSame(
    ids,
    [...model.keys()].sort((one, other) => one - other),
  )
  for (const membership of memberships) memberships.delete(membership.id)
  t.equal(memberships.size, 0, 'each can be removed while they are walked over')
})
