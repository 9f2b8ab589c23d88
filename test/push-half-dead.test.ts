import t from 'tap'
import type { Client } from './support/client.js'
import { TRANSPORTS } from './support/client.js'
import { credentialsFor, type Device, goOnline, signIn } from './support/device.js'
import { fence } from './support/fence.js'
import { startGateway } from './support/gateway.js'
import { createGroup } from './support/group.js'
import { freshId, type Id } from './support/ids.js'
import { joinRoom } from './support/room.js'

const gateway = await startGateway(t)

interface Places {
  readonly rid: Id
  readonly gid: Id
  readonly app: string
}

const DIMENSIONS = ['room', 'group', 'uid', 'sid', 'appid', 'broadcast'] as const

/** Pushes in every dimension. @returns their msgids, sorted */
async function pushAll({ uid, sid }: Pick<Device, 'uid' | 'sid'>, { rid, gid, app }: Places): Promise<number[]> {
  const targets = { room: { rid }, group: { gid }, uid: { uid }, sid: { sid }, appid: { appid: app }, broadcast: {} }
  const msgids: number[] = []
  for (const dimension of DIMENSIONS) {
    const query = { ...targets[dimension], expire: 60 }
    const { code, msgid, errmsg } = await gateway.api.push(dimension, query, dimension)
    if (code !== 0) throw new Error(`${dimension}: ${code} ${errmsg}`)
    msgids.push(Number(msgid))
  }
  return msgids.sort((one, other) => one - other)
}

async function receive({ inbox }: Client, msgids: readonly number[]): Promise<void> {
  for (const msgid of msgids) await inbox.take(({ body }) => Number(body.msgid) === msgid, `push ${msgid}`)
}

/** How often each of them came. */
function times({ inbox }: Client, msgids: readonly number[]): number[] {
  return msgids.map(msgid => inbox.arrivals.filter(({ body }) => Number(body.msgid) === msgid).length)
}

const EACH_ONCE = [1, 1, 1, 1, 1, 1]
const NONE = [0, 0, 0, 0, 0, 0]

for (const transport of TRANSPORTS) {
  for (const end of ['is taken over', 'is cut', 'says OFFLINE'] as const) {
    t.test(`who ${end} over ${transport} gets again what came after his last word, and only that`, async t => {
      const app = `${transport} ${end}`
      const credentials = await credentialsFor(gateway, transport, freshId())
      const old = await goOnline(t, transport, credentials, { app })
      const places = { rid: freshId(), gid: await createGroup(old), app }
      await joinRoom(old, places.rid)
      const first = await pushAll(old, places)
      await receive(old.client, first)
      await old.client.answer('PING')
      const second = await pushAll(old, places)
      // That they arrive the gateway does not hear: the client says nothing any more.
      await receive(old.client, second)
      if (end === 'is cut') old.client.destroy()
      if (end === 'says OFFLINE') await old.client.request('OFFLINE')
      if (end !== 'is taken over') await old.client.closed

      const { client, ...device } = await goOnline(t, transport, credentials, { app })
      await joinRoom({ client, ...device }, places.rid)
      if (end !== 'says OFFLINE') await receive(client, second)
      await fence(gateway, { client, ...device })
      t.strictSame(times(client, second), end === 'says OFFLINE' ? NONE : EACH_ONCE)
      t.strictSame(times(client, first), NONE)
    })
  }
}

t.test('a member who comes back over the same connection gets no push again', async t => {
  const rid = freshId()
  const device = await signIn(t, gateway, { transport: 'tcp' })
  await joinRoom(device, rid)
  const { msgid } = await gateway.api.push('room', { rid, expire: 60 }, 'once')
  await receive(device.client, [Number(msgid)])
  for (let round = 0; round < 3; round++) {
    // In one write: the join is on its way before the quit is answered.
    device.client.send('ROOM-QUIT', { rid })
    await device.client.request('ROOM-JOIN', { rid })
  }
  await fence(gateway, device)
  t.strictSame(times(device.client, [Number(msgid)]), [1])
})
