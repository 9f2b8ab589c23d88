// Rooms: devices join more and more of them, each room has one member. At each size a device of its own joins some more.
import { Agent } from 'node:http'
import { placementOf } from '../placement.mjs'
import { startImgate } from '../servers.mjs'
import { cpuOfEach, memoryOf, waitOfEach } from './costs.mjs'
import { get, Join, signIn } from './device.mjs'
import { SIZES } from './sizes.mjs'

const DEVICES = 100
const ROOMS_PER_DEVICE = SIZES.at(-1).count / DEVICES
const AT_ONCE = 500
// All devices together have at most a few thousand joins under way: more are refused as busy.
const AT_ONCE_GROWING = 40
const BATCHES = 15
const SINGLE_CALLS = 200
const TOP_CALLS = 30
const TOP_WARMUP_BATCHES = 10
const TOP_BATCHES = 15
const FIRST_UID = 1000
// The rooms that the probe joins and quits again are none of those that stay.
const PROBE_RID = 100_000_000
const TOP_LIST = '/im/room/query?option=top-list&num=100'

const MIB = 2 ** 20
const range = (from, count) => Array.from({ length: count }, (_, i) => from + i)

/** Each device joins what is its part of the rooms `from` to `to`. */
async function grow(devices, from, to) {
  await Promise.all(
    devices.map(async (device, i) => {
      const own = range(0, Math.ceil((to - from) / DEVICES))
        .map(k => from + i + k * DEVICES)
        .filter(rid => rid < to)
      for (let at = 0; at < own.length; at += AT_ONCE_GROWING)
        await device.all(
          Join.ROOM,
          own.slice(at, at + AT_ONCE_GROWING).map(rid => rid + 1),
        )
    }),
  )
}

/** @returns `{ joinUs, joinMs, topUs, topMs }` with the rooms as they are */
export async function probe({ gateway, agent, device }) {
  const rooms = range(PROBE_RID, AT_ONCE)
  const quit = () => device.all(Join.ROOM_QUIT, rooms)
  const joins = () => device.all(Join.ROOM, rooms)
  const joinUs = await cpuOfEach(gateway.pid, Array(BATCHES).fill(joins), AT_ONCE, quit)
  const single = range(PROBE_RID, SINGLE_CALLS)
  const joinMs = await waitOfEach(single.map(rid => () => device.all(Join.ROOM, [rid])))
  await device.all(Join.ROOM_QUIT, single)
  return { joinUs, joinMs, ...(await topList(gateway, agent, TOP_LIST)) }
}

export async function topList(gateway, agent, path) {
  const call = () => get(agent, gateway.http, path)
  const batch = async () => {
    for (let i = 0; i < TOP_CALLS; i++) await call()
  }
  for (let i = 0; i < TOP_WARMUP_BATCHES; i++) await batch()
  const topUs = await cpuOfEach(gateway.pid, Array(TOP_BATCHES).fill(batch), TOP_CALLS)
  const topMs = await waitOfEach(Array(TOP_BATCHES * TOP_CALLS).fill(call))
  return { topUs, topMs }
}

async function roomsIn(gateway, agent) {
  const counts = (await get(agent, gateway.http, '/metrics')).matchAll(/^imgate_rooms\{.*\} (\d+)/gm)
  return Array.from(counts).reduce((sum, [, count]) => sum + Number(count), 0)
}

/** @param tell `(name, value)` of each figure */
export async function growRooms(tell) {
  const agent = new Agent({ keepAlive: true })
  const env = { IMGATE_ROOMS_PER_SESSION_MAX: String(ROOMS_PER_DEVICE) }
  const gateway = await startImgate({ workers: 1, cpus: placementOf().server, env })
  const devices = []
  try {
    for (let i = 0; i < DEVICES; i++) devices.push(await signIn(agent, gateway, FIRST_UID + i))
    const device = await signIn(agent, gateway, FIRST_UID + DEVICES)
    devices.push(device)
    // The first calls of a process are slow whatever it holds: without this the first size would look worse than it is.
    await probe({ gateway, agent, device })
    let from = 0
    for (const { count } of SIZES) {
      await grow(devices.slice(0, DEVICES), from, count)
      from = count
      const { joinUs, joinMs, topUs, topMs } = await probe({ gateway, agent, device })
      tell(`rooms_join_us_${count}`, joinUs)
      tell(`rooms_join_ms_${count}`, joinMs)
      tell(`rooms_top_us_${count}`, topUs)
      tell(`rooms_top_ms_${count}`, topMs)
      tell(`rooms_rss_mb_${count}`, (await memoryOf(gateway.pid)).resident / MIB)
    }
    const rooms = await roomsIn(gateway, agent)
    if (rooms < from) throw new Error(`${from} rooms were joined, the gateway has ${rooms}`)
  } finally {
    for (const device of devices) device.close()
    agent.destroy()
    await gateway.stop()
  }
}
