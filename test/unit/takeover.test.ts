import t from 'tap'
import { Bus } from '#dist/bus/bus.js'
import { createRing } from '#dist/bus/ring.js'
import { createWakeWords, SharedWakeups } from '#dist/bus/wake.js'
import { Calls, type Handlers } from '#dist/contract/calls.js'
import { callNumbersOf } from '#dist/contract/generation.js'
import { type Methods, methods } from '#dist/contract/methods.js'
import { localPlacement } from '#dist/contract/placement.js'
import { RecordKind } from '#dist/contract/records.js'
import { StoredScope } from '#dist/contract/stored.js'
import type { HomeContext } from '#dist/shard/context.js'
import { StoredPushes } from '#dist/shard/stored-pushes.js'
import { Users } from '#dist/shard/user/users.js'
import { MemoryDisk, MemoryStore } from '#dist/store/memory-store.js'
import type { Cid, Sid, Uid } from '#dist/util/id.js'
import { NO_LIMITS } from '../support/no-limits.js'
import { TurnedClock } from '../support/turned-clock.js'

const RING_BYTES = 4096
const OTHER = 99
const uid = 5 as unknown as Uid
const sid = 6 as unknown as Sid
const session = { uid, sid, app: '', version: '', had: 0 }

/** What the older connection has had of the pushes to everybody. */
const mark = { scope: StoredScope.ALL, of: 0, upTo: 17, endsAt: Date.now() + 60_000 } as const

/** The home of users at worker 0, and worker 1 with what it hears. */
function homeAndEdge() {
  const clock = new TurnedClock()
  const onDefect = (defect: unknown) => {
    throw defect
  }
  const rings = [0, 1].map(() => [0, 1].map(() => createRing(RING_BYTES)))
  const words = createWakeWords(2)
  const replaced: Cid[] = []
  const worker = (self: number, handlers: Partial<Handlers<Methods>>) => {
    const links = [0, 1].map(peer => ({ outgoing: rings[self]![peer]!, incoming: rings[peer]![self]!, generation: 0 }))
    const bus: Bus = new Bus(self, links, new SharedWakeups(words, self), RING_BYTES, (from, kind, block, at, end) => {
      if (kind === RecordKind.CALL) calls.onCall(from, block, at, end, false)
      else if (kind === RecordKind.REPLY) calls.onReply(block, at, end, false)
    })
    const services = { bus, clock, nextId: callNumbersOf(0), busy: { refused: 1 }, onDefect }
    const calls = new Calls<Methods>(services, methods, 5000)
    const all = Object.fromEntries(Object.keys(methods).map(name => [name, () => ({})]))
    calls.serve([{ ...all, ...handlers }])
    return { bus, calls }
  }
  const home = worker(0, { userOffline: (args, from) => users.methods.userOffline(args, from) })
  const edge = worker(1, {
    sessionReplaced: ({ cid }) => {
      replaced.push(cid)
      edge.calls.tell(0, 'userOffline', { uid, sid, cid, marks: [mark] })
      return {}
    },
  })
  const store = new MemoryStore(new MemoryDisk(), clock)
  const placement = localPlacement(0, 2)
  const usage = { allBytes: () => 0, changed: () => undefined, refused: () => undefined }
  const options = { storedBytesMax: 1, storedBytesPerRoomMax: 1, storedBytesPerUserMax: 1 }
  const stored = new StoredPushes({ options, store, ...home, clock, placement }, usage)
  const log = { error: () => undefined }
  const context = {
    ...home,
    store,
    clock,
    placement,
    stored,
    limits: NO_LIMITS,
    log,
    onDefect,
  } as unknown as HomeContext
  const users = new Users(context, { online: () => undefined, signedIn: () => undefined })
  const pass = () => {
    for (let round = 0; round < 20; round++) {
      for (const { bus } of [home, edge]) {
        bus.flush()
        bus.drain(1000)
      }
    }
  }
  return { clock, users, home, replaced, pass }
}

t.test('who signs in again is told what the older connection has had', async t => {
  const { users, replaced, pass } = homeAndEdge()
  t.strictSame(users.methods.userOnline({ ...session, cid: 1 as Cid, at: 1 }, 1), { marks: [], gids: [] })
  const answer = users.methods.userOnline({ ...session, cid: 2 as Cid, at: 2 }, 0)
  pass()
  t.strictSame(await answer, { marks: [mark], gids: [] })
  t.strictSame(replaced, [1])
})

t.test('the older connection is told to go though too much waits for its worker', async t => {
  const { users, home, replaced, pass } = homeAndEdge()
  users.methods.userOnline({ ...session, cid: 1 as Cid, at: 1 }, 1)
  while (!home.bus.congested(1)) {
    home.bus.begin(1, OTHER, 1000)
    home.bus.end()
  }
  t.strictSame(await users.methods.userOnline({ ...session, cid: 2 as Cid, at: 2 }, 0), { marks: [], gids: [] })
  pass()
  t.strictSame(replaced, [1])
})

t.test('a worker that is stuck with the older connection keeps nobody from signing in elsewhere', async t => {
  const { clock, users, replaced, pass } = homeAndEdge()
  users.methods.userOnline({ ...session, cid: 1 as Cid, at: 1 }, 1)
  const answer = users.methods.userOnline({ ...session, cid: 2 as Cid, at: 2 }, 0)
  clock.turn(500)
  t.strictSame(await answer, { marks: [], gids: [] }, 'long before a call ends by itself')
  pass()
  t.strictSame(replaced, [1], 'it is told when its worker goes on')
})
