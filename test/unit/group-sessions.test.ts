import t from 'tap'
import type { SessionAddress } from '#dist/contract/methods.js'
import type { HomeContext } from '#dist/shard/context.js'
import { Group } from '#dist/shard/group/group.js'
import { GroupSessions } from '#dist/shard/group/sessions.js'
import { Role } from '#dist/store/schema.js'
import type { Cid, Gid, Sid, Uid } from '#dist/util/id.js'

const uid = 5 as unknown as Uid
const sid = 9 as unknown as Sid
const address = (cid: number, at: number, worker = 0): SessionAddress => ({ sid, cid: cid as Cid, worker, at })

/** A home whose neighbour, the home of the user, answers as it is told. */
function home(answers: (() => unknown)[], generation = 0) {
  const told: { worker: number; cid: number }[] = []
  const context = {
    bus: { generationOf: () => generation },
    calls: {
      ask: async () => answers.shift()!(),
      defer: () => undefined,
      tell: (worker: number, _method: string, { cid }: { cid: number }) => told.push({ worker, cid }),
    },
    placement: { homeOf: () => 1 },
    stored: { catchUp: () => undefined },
    options: { noticeMembersMax: 100 },
  } as unknown as HomeContext
  const group = new Group(3 as unknown as Gid, 2)
  group.members.set(uid, Role.MEMBER)
  return { sessions: new GroupSessions(context), group, told }
}

t.test('a member whose home does not answer is attached once it does', async t => {
  const { sessions, group, told } = home([() => ({ refused: 10009 }), () => [address(1, 100)]])
  t.equal(await sessions.attachUser(group, uid), false, 'who asked hears that it is not done')
  t.equal(group.online.size, 0)
  t.ok(group.unattached.has(uid), 'and it is not forgotten')
  sessions.retry(group)
  await new Promise(resolve => setImmediate(resolve))
  t.equal(group.online.get(sid)?.cid, 1)
  t.strictSame(told, [{ worker: 0, cid: 1 }])
  t.equal(group.unattached.size, 0)
})

t.test('who is a member no more is not asked for again', async t => {
  const { sessions, group } = home([() => ({ refused: 10009 }), () => [address(1, 100)]])
  await sessions.attachUser(group, uid)
  group.members.delete(uid)
  sessions.retry(group)
  await new Promise(resolve => setImmediate(resolve))
  t.equal(group.online.size, 0)
  t.equal(group.unattached.size, 0)
})

const attached = (group: Group) => Array.from(group.connections(), ({ cid }) => cid as number).sort()

t.test('an answer that tells of an older connection does not take the place of a newer one', async t => {
  const { sessions, group } = home([() => [address(1, 100, 0)]])
  const asked = sessions.attachUser(group, uid)
  // The device has connected again meanwhile, and that was heard of first.
  sessions.attach(group, { ...address(2, 200, 1), uid }, 0)
  await asked
  t.strictSame(attached(group), [1, 2])
  t.strictSame(group.line.workers, [1, 1])
  sessions.detach(group, sid, 1 as Cid, 0)
  t.strictSame(attached(group), [2], 'the older one has ended')
  t.strictSame(group.line.workers, [0, 1])
})

t.test(
  'an answer that tells of a newer connection, which is over, does not take the place of an older one',
  async t => {
    const { sessions, group } = home([() => [address(2, 200, 1)]])
    const asked = sessions.attachUser(group, uid)
    // The newer one has ended meanwhile, and the older one has signed in.
    sessions.attach(group, { ...address(1, 100, 0), uid }, 0)
    await asked
    sessions.detach(group, sid, 2 as Cid, 1)
    t.strictSame(attached(group), [1])
    t.strictSame(group.line.workers, [1, 0])
  },
)

t.test('a lost worker takes its connections along and leaves the others of their sids', t => {
  const { sessions, group } = home([])
  sessions.attach(group, { ...address(1, 100, 0), uid }, 0)
  sessions.attach(group, { ...address(2, 200, 1), uid }, 0)
  sessions.attach(group, { ...address(3, 300, 0), uid }, 0)
  sessions.workerLost(group, 0)
  t.strictSame(attached(group), [2])
  t.strictSame(group.line.workers, [0, 1])
  t.end()
})

t.test('who is no member any more gets nothing over any of his connections', t => {
  const { sessions, group, told } = home([])
  sessions.attach(group, { ...address(1, 100, 0), uid }, 0)
  sessions.attach(group, { ...address(2, 200, 1), uid }, 0)
  sessions.tell(group, { type: 'left', uid, why: 'quit', asked: sid })
  t.strictSame(attached(group), [])
  t.strictSame(group.line.workers, [0, 0])
  t.strictSame(told, [
    { worker: 1, cid: 2 },
    { worker: 0, cid: 1 },
  ])
  t.end()
})

t.test('sessions of a worker that cannot be reached yet are attached later', async t => {
  const { sessions, group } = home([() => [address(2 ** 32 + 1, 100)]], 0)
  t.equal(await sessions.attachUser(group, uid), false, 'the worker of that seat that is known is an older one')
  t.equal(group.online.size, 0)
  t.ok(group.unattached.has(uid))
})
