import t from 'tap'
import { type Answer, type Done, isRefused } from '#dist/contract/answer.js'
import { type Changes, Commits } from '#dist/shard/commits.js'
import { Group, type GroupChange } from '#dist/shard/group/group.js'
import * as rules from '#dist/shard/group/rules.js'
import { readGroup, writeGroup } from '#dist/shard/group/table.js'
import { MemoryDisk, MemoryStore } from '#dist/store/memory-store.js'
import { systemClock } from '#dist/util/clock.js'
import type { Gid, Uid } from '#dist/util/id.js'
import { seededRandom } from '../support/seed.js'

const CAP = 5
const OWNER = 1 as unknown as Uid
const uids = [2, 3, 4, 5, 6, 7, 8, 9] as unknown as Uid[]

/** Groups on the model of a store whose transactions can be made to fail. */
function groupsOn(disk: MemoryDisk, delayMs: () => number, defective: Partial<Changes<Group, GroupChange>> = {}) {
  const clock = systemClock(defect => {
    throw defect
  })
  const store = new MemoryStore(disk, clock, delayMs)
  const defects: unknown[] = []
  const commits = new Commits<Group, GroupChange>(
    { store, clock, log: { error: () => undefined } },
    {
      apply: (group, change) => group.apply(change),
      write: (group, change) => writeGroup(store, group, change),
      tell: () => undefined,
      reread: group => readGroup(store, group),
      ...defective,
    },
    defect => {
      defects.push(defect)
      return { refused: 10001 }
    },
  )
  const load = (gid: Gid) => {
    const group = new Group(gid, 1)
    readGroup(store, group)
    return group
  }
  return { store, commits, load, defects, tick: () => new Promise<void>(resolve => clock.soon(resolve)) }
}

function stateOf({ record, members, blacklist, gags }: Group) {
  return { record, members: new Map([...members].sort()), blacklist: [...blacklist].sort(), gags: [...gags].sort() }
}

t.test('a change that the disk refuses is undone, though a later one was on its way', async t => {
  const disk = new MemoryDisk()
  const { commits, load, tick } = groupsOn(disk, () => 5)
  const group = load(7 as unknown as Gid)
  t.strictSame(await commits.make(group, () => rules.create(group, OWNER, 'g', '')), {})
  disk.failures = 1
  const first = commits.make(group, () => rules.join(group, uids[0]!, CAP))
  t.ok(group.members.has(uids[0]!), 'it is in memory at once')
  await tick()
  const second = commits.make(group, () => rules.join(group, uids[1]!, CAP))
  t.equal(((await first) as { refused: number }).refused, 10002)
  t.strictSame(await second, {})
  t.strictSame([...group.members.keys()], [OWNER, uids[1]], 'memory has what the disk has')
  t.strictSame(stateOf(load(group.gid)), stateOf(group))
})

t.test('what is asked meanwhile is judged by what the disk took', async t => {
  const disk = new MemoryDisk()
  const { commits, load, tick } = groupsOn(disk, () => 5)
  const group = load(7 as unknown as Gid)
  disk.failures = 1
  const created = commits.make(group, () => rules.create(group, OWNER, 'g', ''))
  await tick()
  // Were it decided at once, the disk would have a member of a group that it does not have.
  const joined = commits.make(group, () => rules.join(group, uids[0]!, CAP))
  t.equal(((await created) as { refused: number }).refused, 10002)
  t.equal(((await joined) as { refused: number }).refused, 20105)
  t.strictSame(stateOf(load(group.gid)), stateOf(group))
})

t.test('a rule that throws is answered as a defect, and who waits behind it is answered too', async t => {
  const { commits, load, defects } = groupsOn(new MemoryDisk(), () => 5)
  const group = load(7 as unknown as Gid)
  const created = commits.make(group, () => rules.create(group, OWNER, 'g', ''))
  const thrown = commits.make(group, () => {
    throw new Error('a defect of a test')
  })
  const joined = commits.make(group, () => rules.join(group, uids[0]!, CAP))
  t.strictSame(await Promise.all([created, thrown, joined]), [{}, { refused: 10001 }, {}])
  t.equal(defects.length, 1)
  t.notOk(commits.isBusy(group))
})

t.test('a change that meets a defect half way leaves memory as the disk is', async t => {
  const tell = (_group: Group, change: GroupChange) => {
    if (change.type === 'gag') throw new Error('a defect of a test')
  }
  const write = (_group: Group, change: GroupChange) => {
    if (change.type === 'joined' && change.uid === uids[0]) throw new Error('a defect of a test')
    writeGroup(on.store, _group, change)
  }
  const on = groupsOn(new MemoryDisk(), () => 5, { tell, write })
  const group = on.load(7 as unknown as Gid)
  await on.commits.make(group, () => rules.create(group, OWNER, 'g', ''))
  const answers = await Promise.all([
    on.commits.make(group, () => rules.join(group, uids[0]!, CAP)),
    on.commits.make(group, () => rules.gag(group, OWNER, true, undefined)),
    on.commits.make(group, () => rules.join(group, uids[1]!, CAP)),
  ])
  t.strictSame(answers, [{ refused: 10001 }, { refused: 10001 }, {}])
  t.strictSame(stateOf(on.load(group.gid)), stateOf(group))
  t.strictSame([...group.members.keys()], [OWNER, uids[1]])
  t.notOk(on.commits.isBusy(group))
})

t.test('a group that cannot be read again is not stuck', async t => {
  const disk = new MemoryDisk()
  let isBroken = true
  const reread = (group: Group) => {
    if (isBroken) throw new Error('a disk of a test')
    readGroup(on.store, group)
  }
  const on = groupsOn(disk, () => 5, { reread })
  const group = on.load(7 as unknown as Gid)
  await on.commits.make(group, () => rules.create(group, OWNER, 'g', ''))
  disk.failures = 1
  const joined = on.commits.make(group, () => rules.join(group, uids[0]!, CAP))
  await on.tick()
  const quit = on.commits.make(group, () => rules.quit(group, uids[1]!, undefined))
  t.strictSame(await joined, { refused: 10001 })
  isBroken = false
  t.ok(isRefused(await quit), 'who waits is answered')
  t.notOk(on.commits.isBusy(group))
})

t.test('memory is what the disk has, and all that was acknowledged, whatever fails when', async t => {
  const random = seededRandom(t)
  const disk = new MemoryDisk()
  const { commits, load, defects, tick } = groupsOn(disk, () => random.below(4))
  const groups = [11, 12, 13].map(gid => load(gid as unknown as Gid))
  const answers: Promise<Answer<Done>>[] = []
  let acknowledged = 0
  for (let step = 0; step < 1500; step++) {
    const group = random.pick(groups)
    const uid = random.pick(uids)
    const decisions = [
      () => rules.create(group, OWNER, 'g', ''),
      () => rules.join(group, uid, CAP),
      () => rules.quit(group, uid, undefined),
      () => rules.blacklist(group, uid, random.below(2) === 0, undefined),
      () => rules.gag(group, random.below(4) === 0 ? 0 : uid, random.below(2) === 0, undefined),
      () => rules.manager(group, uid, random.below(2) === 0, undefined),
      () => rules.dismiss(group, undefined),
      () => rules.open(group),
    ]
    if (random.below(12) === 0) disk.failures = 1 + random.below(2)
    const answer = commits.make(group, random.pick(decisions))
    answers.push(answer)
    answer.then(one => {
      if (!isRefused(one)) acknowledged++
    })
    if (random.below(3) === 0) await tick()
    if (random.below(40) === 0) await Promise.all(answers.splice(0))
  }
  await Promise.all(answers)
  t.same(defects, [])
  t.ok(acknowledged > 100, `${acknowledged} were acknowledged`)
  for (const group of groups) t.strictSame(stateOf(load(group.gid)), stateOf(group), `group ${group.gid}`)
  for (const { members, record } of groups) {
    if (record === undefined) t.equal(members.size, 0, 'no members of a group that is not there')
  }
})
