import t, { type Test } from 'tap'
import { TRANSPORTS } from './support/client.js'
import { describe, eventually } from './support/deadline.js'
import { credentialsFor, type Device, goOnline, signIn } from './support/device.js'
import { ErrorCode } from './support/error-codes.js'
import { startGateway } from './support/gateway.js'
import { freshId, type Id } from './support/ids.js'
import { seededRandom } from './support/seed.js'

const ROOMS = 3
const DEVICES = 36
const BATCHES = 60
const BATCH_STEPS = 25
const DEFAULT_CAP = 4

const gateway = await startGateway(t, { env: { IMGATE_ROOM_CAP: `${DEFAULT_CAP}` } })

/** A room as its contract tells it: a join goes to the lowest sub-group with a free place. */
class Model {
  readonly #gids = new Map<Id, number>()
  readonly blacklist = new Set<Id>()
  cap: number | undefined
  /** Sub-groups that there have been: an empty one may be listed or not. */
  #highest = 0
  readonly #defaultCap: () => number

  constructor(defaultCap: () => number) {
    this.#defaultCap = defaultCap
  }

  has(sid: Id): boolean {
    return this.#gids.has(sid)
  }

  sizeOf(gid: number): number {
    return [...this.#gids.values()].filter(one => one === gid).length
  }

  join(sid: Id): number {
    let gid = this.#gids.get(sid)
    if (gid !== undefined) return gid
    gid = 1
    while (this.sizeOf(gid) >= (this.cap ?? this.#defaultCap())) gid += 1
    this.#gids.set(sid, gid)
    this.#highest = Math.max(this.#highest, gid)
    return gid
  }

  leave(sid: Id): boolean {
    return this.#gids.delete(sid)
  }

  get total(): number {
    return this.#gids.size
  }

  /** What group-list must say, without the empty sub-groups. */
  groups(): Record<string, number> {
    const gids = Array.from({ length: this.#highest }, (_, index) => index + 1)
    return Object.fromEntries(gids.map(gid => [gid, this.sizeOf(gid)] as const).filter(([, size]) => size > 0))
  }
}

async function groupsOf(rid: Id): Promise<Record<string, number>> {
  const { list } = await gateway.api.ok('/im/room/query', { option: 'group-list', rid })
  return Object.fromEntries(list!.filter(({ total }) => total !== 0).map(({ gid, total }) => [String(gid), total!]))
}

/** Waits until what nobody acknowledges, such as the end of a connection, is seen in the counts. */
async function settles(rid: Id, model: Model): Promise<void> {
  const wanted = describe(model.groups())
  await eventually(
    () => groupsOf(rid),
    found => describe(found) === wanted,
    `the sub-groups of ${rid}, which must be ${wanted}`,
  )
}

async function countsAreExact(t: Test, rids: readonly Id[], models: readonly Model[], when: string): Promise<void> {
  for (const [index, rid] of rids.entries()) {
    t.strictSame(await groupsOf(rid), models[index]!.groups(), `room ${index} ${when}`)
  }
  const { list } = await gateway.api.ok('/im/room/query', { option: 'top-list', num: 100 })
  const totals = Object.fromEntries(list!.map(({ rid, total }) => [String(rid), total]))
  const wanted = rids.map((rid, index) => [String(rid), models[index]!.total] as const).filter(([, total]) => total > 0)
  t.strictSame(totals, Object.fromEntries(wanted), `top-list ${when}`)
}

t.test('every join gets the lowest sub-group with a free place, whatever was before', async t => {
  const random = seededRandom(t)
  let defaultCap = DEFAULT_CAP
  const rids = Array.from({ length: ROOMS }, freshId)
  const models = rids.map(() => new Model(() => defaultCap))
  // Two sessions for each user: a kick takes both.
  const uids = Array.from({ length: DEVICES / 2 }, freshId)
  const devices: Device[] = []
  for (let index = 0; index < DEVICES; index++) {
    devices.push(await signIn(t, gateway, { transport: TRANSPORTS[index % 3]!, uid: uids[index >> 1]! }))
  }
  let joins = 0
  const join = async (device: Device, at: number) => {
    const [rid, model] = [rids[at]!, models[at]!]
    const { uid, sid, client } = device
    const ack = await client.request('ROOM-JOIN', { uid, rid })
    if (model.blacklist.has(uid)) {
      if (ack.code !== ErrorCode.BLACKLISTED) t.fail(`a join from the blacklist got ${describe(ack)}`)
      return
    }
    const wanted = model.join(sid)
    joins += 1
    if (ack.code !== 0 || ack.gid !== wanted) t.fail(`join ${joins} got ${describe(ack)}, wanted sub-group ${wanted}`)
  }
  const steps: Record<string, (index: number, at: number) => Promise<void>> = {
    join: (index, at) => join(devices[index]!, at),
    quit: async (index, at) => {
      const { uid, sid, client } = devices[index]!
      const { code } = await client.request('ROOM-QUIT', { uid, rid: rids[at]! })
      const wanted = models[at]!.leave(sid) ? 0 : ErrorCode.NOT_A_MEMBER
      if (code !== wanted) t.fail(`a quit got ${code}, wanted ${wanted}`)
    },
    disconnect: async index => {
      const old = devices[index]!
      if (random.below(2) === 0) old.client.close()
      else old.client.destroy()
      for (const model of models) model.leave(old.sid)
      for (const [at, rid] of rids.entries()) await settles(rid, models[at]!)
      const credentials = await credentialsFor(gateway, old.client.transport, old.uid)
      devices[index] = await goOnline(t, old.client.transport, credentials)
    },
    blacklist: async (index, at) => {
      const [{ uid }, model, rid] = [devices[index]!, models[at]!, rids[at]!]
      const isOn = !model.blacklist.has(uid)
      await gateway.api.roomConfig(isOn ? 'add' : 'del', 'blacklist', { rid, uid })
      if (!isOn) model.blacklist.delete(uid)
      else {
        model.blacklist.add(uid)
        const kicked = devices.filter(device => device.uid === uid && model.leave(device.sid))
        for (const { client } of kicked)
          await client.next('ROOM-KICK-NTF', body => body.rid === rid && body.uid === uid)
      }
    },
    cap: async (_index, at) => {
      const cap = 1 + random.below(6)
      if (random.below(3) === 0) {
        defaultCap = cap
        await gateway.api.roomConfig('set', 'cap', { cap })
      } else {
        models[at]!.cap = cap
        await gateway.api.roomConfig('set', 'cap', { rid: rids[at]!, cap })
      }
    },
  }
  const kinds = [...Array(14).fill('join'), ...Array(6).fill('quit'), 'disconnect', 'blacklist', 'cap'] as string[]
  for (let batch = 1; batch <= BATCHES; batch++) {
    for (let step = 0; step < BATCH_STEPS; step++)
      await steps[random.pick(kinds)]!(random.below(DEVICES), random.below(ROOMS))
    await countsAreExact(t, rids, models, `after batch ${batch}`)
  }
  t.ok(joins > BATCHES * 5, `${joins} joins were compared`)

  for (const [at, rid] of rids.entries()) {
    await gateway.api.roomConfig('set', 'cap', { rid, cap: 1 })
    models[at]!.cap = 1
    for (const device of devices.filter(({ sid }) => models[at]!.has(sid))) await join(device, at)
  }
  await countsAreExact(t, rids, models, 'after everybody inside has joined again under a smaller cap')

  for (const { client } of devices) client.destroy()
  for (const [at, rid] of rids.entries()) {
    for (const { sid } of devices) models[at]!.leave(sid)
    await settles(rid, models[at]!)
  }
  await countsAreExact(t, rids, models, 'when all have gone')
})

t.test('joins of all at once fill the sub-groups to the last place', async t => {
  const rid = freshId()
  await gateway.api.roomConfig('set', 'cap', { rid, cap: 5 })
  const devices: Device[] = []
  for (let index = 0; index < 23; index++) {
    devices.push(await signIn(t, gateway, { transport: TRANSPORTS[index % 3]! }))
  }
  const acks = await Promise.all(devices.map(({ client, uid }) => client.request('ROOM-JOIN', { uid, rid })))
  const gids = acks.map(({ gid }) => Number(gid)).sort((one, other) => one - other)
  t.strictSame(
    gids,
    devices.map((_, index) => 1 + Math.floor(index / 5)),
  )
  const { list, len } = await gateway.api.ok('/im/room/query', { option: 'group-list', rid })
  t.equal(len, 5)
  t.strictSame(
    list,
    [5, 5, 5, 5, 3].map((total, idx) => ({ idx, gid: idx + 1, total })),
  )
})
