import t from 'tap'
import type { Bus } from '#dist/bus/bus.js'
import { localPlacement } from '#dist/contract/placement.js'
import { StoredPushes } from '#dist/shard/stored-pushes.js'
import { MemoryDisk, MemoryStore } from '#dist/store/memory-store.js'
import { StoredScope } from '#dist/store/schema.js'
import { systemClock } from '#dist/util/clock.js'
import type { Sid, Uid } from '#dist/util/id.js'

const uid = 5 as unknown as Uid
const sid = 6 as unknown as Sid

t.test('a late word of an older connection does not take back what a newer one has had', async t => {
  const clock = systemClock(defect => {
    throw defect
  })
  const disk = new MemoryDisk()
  const store = new MemoryStore(disk, clock)
  const bus = { self: 0 } as Bus
  const stored = new StoredPushes(store, bus, clock, localPlacement(0, 1))
  const until = clock.wall() + 60_000
  stored.sawBroadcasts(uid, sid, 105, until)
  await store.commit()
  stored.sawBroadcasts(uid, sid, 100, until)
  await store.commit()
  t.equal(stored.seenBy(StoredScope.ALL, uid, sid), 105)
  const after = new StoredPushes(new MemoryStore(disk, clock), bus, clock, localPlacement(0, 1))
  t.equal(after.seenBy(StoredScope.ALL, uid, sid), 105, 'after a restart too')
})
