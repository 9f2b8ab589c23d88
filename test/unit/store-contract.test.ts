import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { LmdbStore } from '#dist/store/lmdb-store.js'
import { MemoryDisk, MemoryStore } from '#dist/store/memory-store.js'
import { Role } from '#dist/store/schema.js'
import type { Store } from '#dist/store/store.js'
import { systemClock } from '#dist/util/clock.js'
import type { Gid, Sid, Uid } from '#dist/util/id.js'
import { seededRandom } from '../support/seed.js'

/** What keeps a store's contents while no store is open. */
interface Disk {
  open(): Promise<Store>
}

const folder = mkdtempSync(join(tmpdir(), 'imgate-contract-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))

let disks = 0
const kinds: Readonly<Record<string, () => Disk>> = {
  LMDB: () => {
    const path = join(folder, String(++disks))
    return { open: () => LmdbStore.prepare(path) }
  },
  'the model': () => {
    const disk = new MemoryDisk()
    const clock = systemClock(defect => {
      throw defect
    })
    return { open: async () => new MemoryStore(disk, clock) }
  },
}

const gids = [1, 255, 256, 2 ** 32, 2n ** 63n, 2n ** 64n - 2n, 2n ** 64n - 1n] as unknown as Gid[]
const uids = [7, 2 ** 40, 2n ** 64n - 1n] as unknown as Uid[]

for (const [name, makeDisk] of Object.entries(kinds)) {
  t.test(`the contract of a store: ${name}`, async t => {
    t.test('a write is seen once it is committed, and not before', async t => {
      const store = await makeDisk().open()
      const { groupMembers } = store.tables
      groupMembers.put([gids[0]!, uids[0]!], Role.OWNER)
      t.equal(groupMembers.get([gids[0]!, uids[0]!]), undefined)
      await store.commit()
      t.equal(groupMembers.get([gids[0]!, uids[0]!]), Role.OWNER)
      groupMembers.remove([gids[0]!, uids[0]!])
      t.equal(groupMembers.get([gids[0]!, uids[0]!]), Role.OWNER)
      await store.commit()
      t.equal(groupMembers.get([gids[0]!, uids[0]!]), undefined)
      await store.close()
    })

    t.test('no write is lost, whenever in a turn it comes', async t => {
      const store = await makeDisk().open()
      const { groupMembers } = store.tables
      // From here a timer may run before what is due at the end of the turn.
      await new Promise(resolve => setImmediate(resolve))
      groupMembers.put([gids[0]!, uids[0]!], Role.OWNER)
      const until = performance.now() + 5
      while (performance.now() < until);
      await store.commit()
      groupMembers.put([gids[0]!, uids[1]!], Role.MEMBER)
      await store.commit()
      t.equal(groupMembers.get([gids[0]!, uids[1]!]), Role.MEMBER)
      await store.close()
    })

    t.test('writes of one key keep their order', async t => {
      const store = await makeDisk().open()
      const { sessions } = store.tables
      const sid = 5 as unknown as Sid
      for (let nation = 0; nation < 50; nation++) {
        sessions.put([sid], { uid: uids[2]!, nation, city: 0, town: 0, at: 0 })
        if (nation % 7 === 3) sessions.remove([sid])
      }
      await store.commit()
      t.strictSame(sessions.get([sid]), { uid: uids[2], nation: 49, city: 0, town: 0, at: 0 })
      await store.close()
    })

    t.test('entries of one first id stand together, in order, whatever the ids are', async t => {
      const store = await makeDisk().open()
      const { groupBlacklist } = store.tables
      for (const gid of gids) for (const uid of [...uids].reverse()) groupBlacklist.put([gid, uid], 1)
      await store.commit()
      for (const gid of gids) {
        t.strictSame(
          groupBlacklist.keys([gid]),
          uids.map(uid => [gid, uid]),
        )
      }
      t.strictSame(
        groupBlacklist.list([]).map(({ key }) => key),
        gids.flatMap(gid => uids.map(uid => [gid, uid])),
      )
      const lastOnes: unknown[] = []
      groupBlacklist.last([gids[2]!], key => lastOnes.push(key[1]) < 2)
      t.strictSame(lastOnes, [...uids].reverse().slice(0, 2), 'the last first, until it is enough')
      t.strictSame(
        groupBlacklist.page([gids[3]!], 0, 2).map(({ key }) => key[1]),
        uids.slice(0, 2),
        'a page from the beginning',
      )
      t.strictSame(
        groupBlacklist.page([gids[3]!], uids[1]!, 5).map(({ key }) => key[1]),
        uids.slice(2),
        'and what comes after an id',
      )
      t.strictSame(groupBlacklist.page([gids[3]!], uids[2]!, 5), [], 'nothing after the last')
      t.equal(groupBlacklist.page([gids[3]!], 0, 0).length, 0)
      t.equal(groupBlacklist.page([], gids[4]!, 100).length, 2 * uids.length, 'of the next first ids')
      const every: unknown[] = []
      groupBlacklist.eachKey(key => every.push(key))
      t.strictSame(every, groupBlacklist.keys([]), 'each key, in order')
      groupBlacklist.removeAll([gids[1]!])
      await store.commit()
      t.equal(groupBlacklist.keys([gids[1]!]).length, 0)
      t.equal(groupBlacklist.keys([gids[2]!]).length, uids.length)
      await store.close()
    })

    t.test('text keys come back as they were', async t => {
      const store = await makeDisk().open()
      const { idempotency } = store.tables
      for (const text of ['a', 'ab', '订单-7', 'x'.repeat(255)]) {
        idempotency.put([text], { reply: text, expiresAt: 1 })
      }
      await store.commit()
      for (const { key, value } of idempotency.list([])) t.equal(value.reply, key[0])
      t.equal(idempotency.list([]).length, 4)
      await store.close()
    })

    t.test('what was committed is there for the next who opens it, numbers and settings too', async t => {
      const disk = makeDisk()
      const first = await disk.open()
      const secret = first.tokenKey
      first.tables.groups.put([gids[3]!], { owner: uids[0]!, name: 'g', desc: '', cap: 5, closed: false })
      first.setSetting('room-cap', 77)
      await first.commit()
      t.equal(await first.allocate('n', 10, 1), 1)
      t.equal(await first.allocate('n', 5, 1), 11)
      await first.close()
      const second = await disk.open()
      t.equal(second.tables.groups.get([gids[3]!])?.cap, 5)
      t.equal(second.setting('room-cap'), 77)
      t.equal(await second.allocate('n', 1, 1), 16)
      t.ok(second.tokenKey.equals(secret), 'the key of tokens stays')
      await second.close()
    })

    t.test('random writes leave what a map has, across commits', async t => {
      const random = seededRandom(t)
      const store = await makeDisk().open()
      const { groupMembers } = store.tables
      const model = new Map<string, Role>()
      for (let step = 0; step < 600; step++) {
        const [gid, uid] = [random.pick(gids), random.pick(uids)]
        if (random.below(3) === 0) {
          groupMembers.remove([gid, uid])
          model.delete(`${gid} ${uid}`)
        } else {
          groupMembers.put([gid, uid], Role.MANAGER)
          model.set(`${gid} ${uid}`, Role.MANAGER)
        }
        if (random.below(20) === 0) await store.commit()
      }
      await store.commit()
      t.strictSame(new Set(groupMembers.keys([]).map(([gid, uid]) => `${gid} ${uid}`)), new Set(model.keys()))
      await store.close()
    })
  })
}

t.test('a transaction of the model that fails leaves nothing, and the next one is taken', async t => {
  const disk = new MemoryDisk()
  const store = new MemoryStore(
    disk,
    systemClock(defect => t.fail(String(defect))),
  )
  disk.failures = 1
  store.tables.groupBlacklist.put([gids[0]!, uids[0]!], 1)
  store.tables.groupBlacklist.put([gids[0]!, uids[1]!], 1)
  await t.rejects(store.commit())
  t.equal(store.tables.groupBlacklist.keys([]).length, 0)
  store.tables.groupBlacklist.put([gids[0]!, uids[2]!], 1)
  await store.commit()
  t.strictSame(store.tables.groupBlacklist.keys([]), [[gids[0], uids[2]]])
})
