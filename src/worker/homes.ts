import { numbersOf } from '../contract/generation.ts'
import { ChatScope } from '../contract/records.ts'
import { Jobs } from '../jobs/jobs.ts'
import type { HomeContext } from '../shard/context.ts'
import { Devices } from '../shard/devices.ts'
import { Everybody } from '../shard/everybody.ts'
import { Groups } from '../shard/group/groups.ts'
import { Idempotency } from '../shard/idempotency.ts'
import { Nodes } from '../shard/nodes.ts'
import { Posting } from '../shard/posting.ts'
import { Rooms } from '../shard/room/rooms.ts'
import { Stats } from '../shard/stats.ts'
import { StoredPushes } from '../shard/stored-pushes.ts'
import { Users } from '../shard/user/users.ts'
import type { Core } from './core.ts'
import type { Part } from './part.ts'
import { acceptsTcp } from './probe.ts'

/** The side of a worker that is the home of users, groups and rooms. */
export interface Homes {
  readonly posting: Posting
  /** What is in memory, for who compares it with the disk and with what sessions believe (docs/simulation.md). */
  readonly users: Pick<Users, 'loaded'>
  readonly groups: Pick<Groups, 'loaded'>
  readonly rooms: Pick<Rooms, 'loaded'>
  readonly parts: readonly Part[]
  /** Starts what one worker does for all, if this worker is the one. */
  start(): void
}

export function createHomes(core: Core): Homes {
  const { placement, counters, count } = core
  const stored = new StoredPushes(core, {
    allBytes: () => counters.sum('stored_push_bytes'),
    changed(pushes, bytes) {
      count.set('stored_pushes', pushes)
      count.set('stored_push_bytes', bytes)
    },
    refused: () => count.add('stored_pushes_refused_total', 1),
  })
  const posting = new Posting({ ...core, stored })
  const context: HomeContext = { ...core, stored, posting, nextTopic: numbersOf(core.generation) }

  const devices = new Devices(context, core.sids)
  const users = new Users(context, {
    online: users => count.set('users', users),
    signedIn: sid => devices.signedIn(sid),
  })
  const groups = new Groups(context)
  const rooms = new Rooms(context)
  const everybody = new Everybody(context)
  const nodes = new Nodes(context, acceptsTcp)
  const stats = new Stats(context, new Jobs(), () => ({
    users: counters.sum('users'),
    sessions: counters.sum('sessions'),
  }))
  const isOfAll = core.self === placement.ofAll

  const parts: Part[] = [
    {
      methods: users.methods,
      forums: { [ChatScope.USER]: users },
      workerLost: worker => users.workerLost(worker),
      workerReplaced: worker => users.workerReplaced(worker),
    },
    {
      methods: groups.methods,
      forums: { [ChatScope.GROUP]: groups },
      workerLost: worker => groups.workerLost(worker),
      tick: now => groups.tick(now),
      gauges: row => row.set('groups', groups.size),
      stop: () => groups.stop(),
    },
    {
      methods: rooms.methods,
      forums: { [ChatScope.ROOM]: rooms },
      workerLost: worker => rooms.workerLost(worker),
      workerReplaced: worker => rooms.workerReplaced(worker),
      tick: now => rooms.tick(now),
      gauges: row => row.set('rooms', rooms.size),
    },
    { methods: everybody.methods, workerReplaced: worker => everybody.workerReplaced(worker) },
    devices,
    new Idempotency(context),
    {
      methods: { storedNext: range => stored.next(range) },
      tick: () => void stored.prune().catch(core.onDefect),
    },
    {
      methods: nodes.methods,
      workerReplaced: worker => {
        if (isOfAll) nodes.announce(worker)
      },
    },
    stats,
  ]
  return {
    posting,
    users,
    groups,
    rooms,
    parts,
    start() {
      if (!isOfAll) return
      stats.start()
      nodes.start()
    },
  }
}
