// Groups: more and more of them in the store, written as the gateway writes them; at each size a gateway is started on it.
import { Agent } from 'node:http'
import { placementOf } from '../placement.mjs'
import { startImgate } from '../servers.mjs'
import { makeFolder, removeFolder } from '../temporary.mjs'
import { cpuOfEach, memoryOf, waitOfEach } from './costs.mjs'
import { Join, signIn } from './device.mjs'
import { topList } from './rooms.mjs'
import { SIZES } from './sizes.mjs'

const OWNERS = 10_000_000
const MEMBERS = 20_000_000
const SECOND_MEMBERS = 30_000_000
const PROBE_UID = 1000
// The store is told to write before too many changes wait in memory.
const GROUPS_PER_COMMIT = 20_000
const AT_ONCE = 100
const WARMUP_BATCHES = 3
const BATCHES = 10
const SINGLE_CALLS = 50
const TOP_LIST = '/im/group/query?option=top-list&num=100'
const MIB = 2 ** 20

const dist = new URL('../../../dist/store/', import.meta.url)

/** Writes the groups `from` + 1 to `to`: an owner, a member, and in every other group one more. */
async function seed(folder, from, to) {
  const [{ LmdbStore }, { Role }] = await Promise.all(
    ['lmdb-store.js', 'schema.js'].map(file => import(new URL(file, dist).href)),
  )
  const store = await LmdbStore.prepare(folder)
  const { groups, groupMembers, memberOf, groupCounts } = store.tables
  const add = (gid, uid, role) => {
    groupMembers.put([gid, uid], role)
    memberOf.put([uid, gid], 1)
  }
  for (let gid = from + 1; gid <= to; gid++) {
    groups.put([gid], { owner: OWNERS + gid, name: `group ${gid}`, desc: '', cap: 0, closed: false })
    add(gid, OWNERS + gid, Role.OWNER)
    add(gid, MEMBERS + gid, Role.MEMBER)
    if (gid % 2 === 0) add(gid, SECOND_MEMBERS + gid, Role.MEMBER)
    groupCounts.put([gid], { members: gid % 2 === 0 ? 3 : 2, messages: gid % 7 })
    if (gid % GROUPS_PER_COMMIT === 0) await store.commit()
  }
  await store.commit()
  await store.close()
}

/** Ids of groups that nobody else was asked for, spread over all of them: each join reads one that is not in memory. */
function differentGroups(count) {
  let turn = 0
  const step = Math.floor(count * 0.618) | 1
  return size =>
    Array.from({ length: size }, () => {
      turn++
      return 1 + ((turn * step) % count)
    })
}

/** @returns `{ joinUs, joinMs, topUs, topMs }` with the groups as they are */
async function probe({ gateway, agent, device }, count) {
  const next = differentGroups(count)
  const joins = size => () => device.all(Join.GROUP, next(size))
  const quiet = async () => undefined
  await cpuOfEach(gateway.pid, Array(WARMUP_BATCHES).fill(joins(AT_ONCE)), AT_ONCE, quiet)
  const batches = count < AT_ONCE * (BATCHES + WARMUP_BATCHES + 1) ? 5 : BATCHES
  const joinUs = await cpuOfEach(gateway.pid, Array(batches).fill(joins(AT_ONCE)), AT_ONCE)
  const joinMs = await waitOfEach(Array(SINGLE_CALLS).fill(joins(1)))
  return { joinUs, joinMs, ...(await topList(gateway, agent, TOP_LIST)) }
}

/** @param tell `(name, value)` of each figure */
export async function growGroups(tell) {
  const folder = await makeFolder()
  const agent = new Agent({ keepAlive: true })
  try {
    let from = 0
    for (const { count } of SIZES) {
      await seed(folder, from, count)
      from = count
      const startedAt = performance.now()
      const gateway = await startImgate({ workers: 1, cpus: placementOf().server, env: { IMGATE_DATA_DIR: folder } })
      try {
        tell(`groups_start_ms_${count}`, performance.now() - startedAt)
        const { resident, own } = await memoryOf(gateway.pid)
        tell(`groups_rss_mb_${count}`, resident / MIB)
        tell(`groups_own_mb_${count}`, own / MIB)
        const device = await signIn(agent, gateway, PROBE_UID)
        const { joinUs, joinMs, topUs, topMs } = await probe({ gateway, agent, device }, count)
        tell(`groups_join_us_${count}`, joinUs)
        tell(`groups_join_ms_${count}`, joinMs)
        tell(`groups_top_us_${count}`, topUs)
        tell(`groups_top_ms_${count}`, topMs)
        device.close()
      } finally {
        await gateway.stop()
      }
    }
  } finally {
    agent.destroy()
    await removeFolder(folder)
  }
}
