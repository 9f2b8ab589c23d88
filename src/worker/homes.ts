import { ChatScope } from '../contract/records.ts'
import { Jobs } from '../jobs/jobs.ts'
import { type HomeContext, topicNumbers } from '../shard/context.ts'
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
  /** What one worker does for all: from now on, at the worker that it is. */
  start(): void
}

export function createHomes(core: Core): Homes {
  const { store, bus, clock, placement, counters, count } = core
  const stored = new StoredPushes(store, bus, clock, placement)
  const posting = new Posting({ ...core, stored })
  const context: HomeContext = { ...core, stored, posting, nextTopic: topicNumbers() }

  const users = new Users(context, online => count.set('users', online))
  const groups = new Groups(context)
  const rooms = new Rooms(context)
  const nodes = new Nodes(context, acceptsTcp)
  const stats = new Stats(context, new Jobs(), () => ({
    users: counters.sum('users'),
    sessions: counters.sum('sessions'),
  }))
  const isOfAll = core.self === placement.ofAll

  const parts: Part[] = [
    { methods: users.methods, forums: { [ChatScope.USER]: users }, workerLost: worker => users.workerLost(worker) },
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
      tick: () => rooms.tick(),
      gauges: row => row.set('rooms', rooms.size),
    },
    { methods: new Everybody(context).methods },
    { methods: new Devices(context, core.sids).methods },
    new Idempotency(context),
    { tick: () => stored.prune() },
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
