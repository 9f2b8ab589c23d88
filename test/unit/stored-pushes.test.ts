import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { Bus } from '#dist/bus/bus.js'
import { isRefused } from '#dist/contract/answer.js'
import { localPlacement } from '#dist/contract/placement.js'
import { type StoredOf, StoredScope } from '#dist/contract/stored.js'
import { StoredPushes, type StoredServices } from '#dist/shard/stored-pushes.js'
import { LmdbStore } from '#dist/store/lmdb-store.js'
import { MemoryDisk, MemoryStore } from '#dist/store/memory-store.js'
import type { Store } from '#dist/store/store.js'
import { type Clock, systemClock } from '#dist/util/clock.js'
import type { Rid, Sid, Uid } from '#dist/util/id.js'

const uid = 5 as unknown as Uid
const sid = 6 as unknown as Sid
const rid = 7 as unknown as Rid
const SOON_MS = 60_000
/** Where the frame begins in the record (contract/records.ts); its first bytes are its msgid here. */
const FRAME_AT = 40
const { ROOM, USER, ALL } = StoredScope

const machine = systemClock(defect => {
  throw defect
})

/** Stored pushes of one worker of `workers`, on a wall clock that the test sets. */
function home(store: Store, limits: Partial<StoredServices['options']> = {}, here = 0, workers = 1) {
  let now = machine.wall()
  const clock: Clock = { ...machine, wall: () => now }
  const usage = { pushes: 0, bytes: 0, refused: 0, elsewhere: 0 }
  const options = { storedBytesMax: 1e9, storedBytesPerRoomMax: 1e9, storedBytesPerUserMax: 1e9, ...limits }
  /** The msgids of what a session would get. */
  const sent: number[] = []
  const bus = {
    self: here,
    block: Buffer.alloc(65_536),
    begin: () => 0,
    end() {
      sent.push(this.block.readUInt32LE(FRAME_AT))
    },
  }
  /** What a session's worker is told to ask for. */
  const rest: object[] = []
  const calls = { tell: (_to: number, _method: string, range: object) => void rest.push(range) }
  const placement = localPlacement(here, workers)
  const stored = new StoredPushes(
    { options, store, clock, placement, bus: bus as unknown as Bus, calls },
    {
      allBytes: () => usage.bytes + usage.elsewhere,
      changed: (pushes, bytes) => Object.assign(usage, { pushes, bytes }),
      refused: () => usage.refused++,
    },
  )
  return {
    stored,
    usage,
    rest,
    later(ms: number) {
      now += ms
    },
    push(msgid: number, ms: number, of: Rid | Uid = rid, scope: StoredScope = ROOM, bytes = 100) {
      const frame = Buffer.alloc(bytes)
      frame.writeUInt32LE(msgid)
      stored.add(scope, of, msgid, { expiresAt: now + ms, dataKind: 0, frame })
    },
    /** The device's connection has ended, and it has had all up to this msgid. */
    left(who: number, upTo: number, ms = SOON_MS, of: StoredOf = rid, scope: StoredScope = ROOM) {
      stored.marks.set(uid, who as unknown as Sid, [{ scope, of, upTo, endsAt: now + ms }], now)
    },
    /** @returns the msgids of what this device still gets */
    gets(who: number, of: Rid | Uid = rid, scope: StoredScope = ROOM): number[] {
      sent.length = 0
      const who64 = who as unknown as Sid
      const had = stored.marks.upTo(who64, scope, of)
      stored.catchUp(scope, of, { sid: who64, cid: 1 as never, worker: 0, at: 0 }, had)
      return [...sent]
    },
  }
}

const folder = mkdtempSync(join(tmpdir(), 'imgate-stored-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))
let disks = 0
const kinds: Readonly<Record<string, () => () => Promise<Store>>> = {
  LMDB: () => {
    const path = join(folder, String(++disks))
    return () => LmdbStore.prepare(path)
  },
  'the model': () => {
    const disk = new MemoryDisk()
    return async () => new MemoryStore(disk, machine)
  },
}

for (const [kind, disk] of Object.entries(kinds)) {
  t.test(`stored pushes on ${kind}`, async t => {
    t.test('who comes gets what is valid, once, also after a restart', async t => {
      const open = disk()
      let store = await open()
      const first = home(store)
      first.push(1, SOON_MS)
      first.push(2, 2 * SOON_MS)
      t.strictSame(first.gets(1), [1, 2])
      first.left(1, 2)
      first.push(3, SOON_MS)
      t.strictSame(first.gets(1), [3])
      await store.commit()
      await store.close()
      store = await open()
      const after = home(store)
      t.equal(after.usage.pushes, 3)
      t.strictSame([after.gets(1), after.gets(2)], [[3], [1, 2, 3]])
      after.later(SOON_MS + 1000)
      t.strictSame(after.gets(2), [2], 'what is over is not given, removed or not')
      await after.stored.prune()
      t.strictSame(after.gets(2), [2])
      t.equal(after.usage.pushes, 1)
      t.equal(store.tables.storedPushes.keys([]).length, 1, 'nor kept on the disk')
      await store.close()
    })

    t.test('each worker reads what is its own, and all of them read everything, however many they are', async t => {
      const open = disk()
      let store = await open()
      const rids = Array.from({ length: 40 }, (_, index) => (1000 + index) as unknown as Rid)
      const only = home(store)
      for (const [index, one] of rids.entries()) {
        only.push(index + 1, SOON_MS, one)
        const mark = { scope: ROOM, of: one, upTo: index + 1, endsAt: machine.wall() + SOON_MS }
        only.stored.marks.set(one as unknown as Uid, sid, [mark], 0)
      }
      await store.commit()
      await store.close()
      store = await open()
      for (const workers of [1, 2, 3]) {
        const homes = Array.from({ length: workers }, (_, here) => home(store, {}, here, workers))
        const found = homes.map(({ usage }) => usage.pushes)
        t.equal(
          found.reduce((sum, one) => sum + one),
          rids.length,
          found.join(),
        )
        for (const one of rids) {
          const { gets } = homes[localPlacement(0, workers).homeOf(one)]!
          t.strictSame([gets(6, one).length, gets(7, one).length], [0, 1], 'with the marks')
        }
      }
      await store.close()
    })

    t.test('many end at once, and go in slices that are on the disk one by one', async t => {
      const store = await disk()()
      const { push, later, stored, usage } = home(store)
      const count = kind === 'LMDB' ? 5000 : 1500
      for (let msgid = 1; msgid <= count; msgid++) push(msgid, msgid === count ? 2 * SOON_MS : SOON_MS)
      await store.commit()
      later(SOON_MS + 1000)
      const pruning = stored.prune()
      t.ok(usage.pushes >= count - 1000, 'the first turn takes no more than a slice')
      await pruning
      t.equal(usage.pushes, 1)
      t.equal(store.tables.storedPushes.keys([]).length, 1)
      await store.close()
    })

    t.test('what devices have had ends with the pushes that it speaks of, while others are renewed', async t => {
      const store = await disk()()
      const { push, later, left, stored, gets } = home(store)
      const marks = () => store.tables.storedMarks.keys([]).length
      for (let round = 1; round <= 5; round++) {
        push(round, SOON_MS)
        for (let who = 1; who <= 20; who++) left(round * 100 + who, round)
        later(SOON_MS / 2 + 1000)
        await stored.prune()
      }
      await store.commit()
      t.equal(marks(), 20, 'of 100')
      t.strictSame([gets(501), gets(499)], [[], [5]], 'those of use are there')
      later(2 * SOON_MS)
      await stored.prune()
      t.equal(marks(), 0)
      t.notOk(stored.has(ROOM, rid))
      await store.close()
    })
  })
}

t.test('a late word of an older connection does not take back what a newer one has had', async t => {
  const disk = new MemoryDisk()
  const store = new MemoryStore(disk, machine)
  const { stored, left } = home(store)
  left(6, 105, SOON_MS, 0, ALL)
  await store.commit()
  left(6, 100, SOON_MS, 0, ALL)
  await store.commit()
  t.equal(stored.marks.upTo(sid, ALL, 0), 105)
  const after = home(new MemoryStore(disk, machine))
  t.match(after.stored.marks.of(sid), [{ scope: ALL, of: 0, upTo: 105 }], 'after a restart too')
  after.later(SOON_MS + 1000)
  await after.stored.prune()
  t.strictSame(after.stored.marks.of(sid), [], 'and not for longer than there is something to have')
  t.equal(store.tables.storedMarks.keys([]).length, 0)
})

t.test('there are never more marks at one home than that', async t => {
  const store = new MemoryStore(new MemoryDisk(), machine)
  const { stored, left } = home(store)
  for (let who = 1; who <= 200_002; who++) left(who, 1)
  const upTo = (who: number) => stored.marks.upTo(who as unknown as Sid, ROOM, rid)
  t.strictSame([upTo(1), upTo(2), upTo(3), upTo(200_002)], [0, 0, 1, 1], 'who left first is forgotten')
})

t.test('who lacks much gets it in pieces, each of at least one push', async t => {
  const { push, stored, gets, later, rest } = home(new MemoryStore(new MemoryDisk(), machine))
  for (let msgid = 1; msgid <= 10; msgid++) {
    push(msgid, msgid === 5 ? 1 : SOON_MS, rid, ROOM, msgid <= 2 ? 3000 : 30_000)
  }
  later(2)
  t.strictSame(gets(1), [1, 2], 'at once, what is short')
  t.match(rest, [{ scope: ROOM, of: rid, sid: 1, cid: 1, above: 2, upTo: 10 }])
  push(11, SOON_MS, rid, ROOM, 30_000)
  const pieces: number[][] = []
  for (let above = 2; above < 10; ) {
    const { pushes, upTo } = stored.next({ scope: ROOM, of: rid, sid, above, upTo: 10 })
    pieces.push(pushes.map(({ msgid }) => msgid))
    above = upTo
  }
  t.strictSame(pieces, [[3, 4], [6, 7], [8, 9], [10]], 'what came since comes by itself')
  const huge = 8 as unknown as Rid
  push(12, SOON_MS, huge, ROOM, 65_000)
  push(13, SOON_MS, huge, ROOM, 65_000)
  t.strictSame(gets(1, huge), [])
  t.match(rest[1], { of: huge, above: 0, upTo: 13 })
  t.strictSame(
    stored.next({ scope: ROOM, of: huge, sid, above: 0, upTo: 13 }).pushes.map(({ msgid }) => msgid),
    [12],
  )
})

t.test('a push that the disk refused is for nobody, and takes no room', async t => {
  const { push, stored, gets, usage } = home(new MemoryStore(new MemoryDisk(), machine))
  for (const msgid of [1, 2, 3]) push(msgid, SOON_MS)
  stored.remove(ROOM, rid, 2)
  t.strictSame(gets(1), [1, 3])
  t.equal(usage.pushes, 2)
  stored.remove(ROOM, rid, 1)
  stored.remove(ROOM, rid, 3)
  t.equal(usage.bytes, 0)
})

t.test('nobody stores more for a user, for a room or in all than the options say', async t => {
  const limits = { storedBytesPerUserMax: 1000, storedBytesPerRoomMax: 2000, storedBytesMax: 3000 }
  const { push, stored, usage, later } = home(new MemoryStore(new MemoryDisk(), machine), limits)
  const tryPush = (msgid: number, scope: StoredScope, of: Rid | Uid) => {
    const refusal = stored.mayAdd(scope, of, 100)
    if (refusal === undefined) push(msgid, SOON_MS, of, scope)
    return isRefused(refusal) ? refusal.errmsg : 'stored'
  }
  t.strictSame(
    [1, 2].map(msgid => tryPush(msgid, USER, uid)),
    ['stored', 'stored'],
  )
  t.match(tryPush(3, USER, uid), /^expire: 712 bytes .* for the user, at most 1000 \(storedBytesPerUserMax\)/)
  for (const msgid of [4, 5, 6, 7, 8]) t.equal(tryPush(msgid, ROOM, rid), 'stored')
  t.match(tryPush(9, ROOM, rid), /for the room, at most 2000 \(storedBytesPerRoomMax\)/)
  usage.elsewhere = 600
  t.match(tryPush(10, ROOM, 8 as unknown as Rid), /at most 3000 bytes \(storedBytesMax\)/, 'other workers count')
  t.equal(usage.refused, 3, 'all of them are counted')
  later(SOON_MS + 1000)
  await stored.prune()
  t.equal(tryPush(11, ROOM, rid), 'stored', 'there is room again')
})
