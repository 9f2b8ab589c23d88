import t from 'tap'
import { localPlacement } from '#dist/contract/placement.js'
import type { HomeContext } from '#dist/shard/context.js'
import { Rooms } from '#dist/shard/room/rooms.js'
import { MemoryDisk, MemoryStore } from '#dist/store/memory-store.js'
import { BUSY } from '../support/one-connection.js'
import { TurnedClock } from '../support/turned-clock.js'

/** The home of the default cap at worker 0, and what workers are asked and told. @param answers of the workers, in their order */
function homeOfCap(answers: readonly object[]) {
  const clock = new TurnedClock()
  const store = new MemoryStore(new MemoryDisk(), clock)
  const told: [number, string, object][] = []
  const context = {
    options: { roomCap: 500 },
    store,
    clock,
    placement: localPlacement(0, answers.length),
    bus: { self: 0, links: answers.map((_, worker) => worker) },
    calls: {
      askAll: async () => answers,
      tell: (to: number, method: string, args: object) => told.push([to, method, args]),
    },
    log: { error: () => undefined },
  } as unknown as HomeContext
  const rooms = new Rooms(context)
  const set = (cap: number) => {
    const answer = rooms.methods.roomSetDefaultCap({ cap }, 0)
    clock.turn(10)
    return answer
  }
  return { rooms, told, set }
}

t.test('a default cap that is stored is set, also at a worker that is busy', async t => {
  const { told, set } = homeOfCap([{}, BUSY, {}])
  t.strictSame(await set(7), {})
  t.strictSame(told, [[1, 'roomDefaultCapChanged', { cap: 7 }]], 'it hears of it behind what waits for it')
})

t.test('a worker that takes the place of another hears the default cap', async t => {
  const { rooms, told, set } = homeOfCap([{}, {}])
  await set(7)
  rooms.workerReplaced(1)
  t.strictSame(told, [[1, 'roomDefaultCapChanged', { cap: 7 }]])
})
