import t, { type Test } from 'tap'
import { TRANSPORTS } from './support/client.js'
import { eventually } from './support/deadline.js'
import { credentialsFor, type Device, goOnline, signIn } from './support/device.js'
import { fence } from './support/fence.js'
import { startGateway } from './support/gateway.js'
import { freshId, type Id } from './support/ids.js'
import { joinRoom } from './support/room.js'

const PUSH_BYTES = 60_000
/** 3.6 MB: near to what a room may store. */
const PUSHES = 60
/** A user may store less. */
const USER_PUSHES = 16
const STALLED = 200
/** Of these it is looked at whether they get everything later. */
const SLOW = 9
const MB = 2 ** 20
const SLOW_MS = 30_000

const gateway = await startGateway(t)
const payload = Buffer.alloc(PUSH_BYTES, 0x61)

async function rssBytes(): Promise<number> {
  const { text } = await gateway.api.call('/metrics')
  return Number(/^process_resident_memory_bytes (\S+)$/m.exec(text)![1])
}

async function store(dim: 'room' | 'uid' | 'broadcast', query: object, pushes: number): Promise<Id[]> {
  const msgids: Id[] = []
  for (let index = 0; index < pushes; index++) {
    const { code, msgid } = await gateway.api.push(dim, { ...query, expire: 600 }, payload)
    if (code !== 0) throw new Error(`push ${index} was refused: ${code}`)
    msgids.push(msgid!)
  }
  return msgids
}

/** Many come at once: a home that is busy is asked again, as a client would. Then it reads nothing. */
async function joinAndStall({ client, uid }: Device, rid: Id): Promise<void> {
  const isIn = async () => (await client.request('ROOM-JOIN', { uid, rid })).code === 0
  await eventually(isIn, done => done, 'in the room', SLOW_MS)
  client.pause()
}

type Pushed = 'ROOM-BC' | 'P2P' | 'BC'
const msgidsOf = ({ client }: Device, command: Pushed) => client.received(command).map(({ msgid }) => msgid!)

/** The device gets these, in order and once. @param others may come too, between them */
async function getsAll(t: Test, device: Device, command: Pushed, msgids: Id[], others: Id[] = []) {
  const got = async () => msgidsOf(device, command).filter(msgid => !others.includes(msgid))
  const { transport } = device.client
  await eventually(got, ({ length }) => length >= msgids.length, `${msgids.length} ${command}, ${transport}`, SLOW_MS)
  t.strictSame(await got(), msgids, `over ${transport}`)
}

t.test('hundreds join a room that stores much: who does not read costs little and misses nothing', async t => {
  const rid = freshId()
  const msgids = await store('room', { rid }, PUSHES)
  const devices: Device[] = []
  for (let index = 0; index < STALLED; index++) {
    devices.push(await signIn(t, gateway, { transport: TRANSPORTS[index % TRANSPORTS.length]! }))
  }
  const before = await rssBytes()
  await Promise.all(devices.map(device => joinAndStall(device, rid)))
  const live: Id[] = []
  const reached = async () => {
    const { msgid, total } = await gateway.api.push('room', { rid, expire: 0 }, 'who is there?')
    live.push(msgid!)
    return total
  }
  await eventually(reached, total => total === STALLED, 'everybody in the room')
  for (const transport of TRANSPORTS) {
    const reader = await signIn(t, gateway, { transport })
    await joinRoom(reader, rid)
    await getsAll(t, reader, 'ROOM-BC', msgids)
  }
  const grown = (await rssBytes()) - before
  t.comment(`${Math.round(grown / MB)} MiB more for ${STALLED} who do not read`)
  t.ok(grown < (STALLED * PUSHES * PUSH_BYTES) / 5, `${Math.round(grown / MB)} MiB more`)

  const stored = await store('room', { rid }, 2)
  for (const { client } of devices.slice(SLOW)) client.destroy()
  const slow = devices.slice(0, SLOW)
  for (const device of slow) {
    device.client.resume()
    await getsAll(t, device, 'ROOM-BC', msgids, [...live, ...stored])
    await getsAll(t, device, 'ROOM-BC', stored, [...live, ...msgids])
    t.strictSame(device.client.received('KICK'), [])
  }
  for (const device of slow) {
    await device.client.request('ROOM-QUIT', { uid: device.uid, rid })
    await joinRoom(device, rid)
    await fence(gateway, device)
    t.equal(
      msgidsOf(device, 'ROOM-BC').filter(msgid => !live.includes(msgid)).length,
      PUSHES + 2,
      'nothing comes again',
    )
  }
})

for (const transport of TRANSPORTS) {
  t.test(`who signs in gets all that is stored for him and for everybody, once, over ${transport}`, async t => {
    const uid = freshId()
    const own = await store('uid', { uid }, USER_PUSHES)
    const ofAll = await store('broadcast', {}, 4)
    const credentials = await credentialsFor(gateway, transport, uid)
    const device = await goOnline(t, transport, credentials)
    const more = await store('uid', { uid }, 1)
    await getsAll(t, device, 'P2P', [...own, ...more])
    await eventually(
      async () => msgidsOf(device, 'BC'),
      got => ofAll.every(msgid => got.includes(msgid)),
      'those to everybody',
    )
    await device.client.request('OFFLINE')
    await device.client.closed
    const again = await goOnline(t, transport, credentials)
    await fence(gateway, again)
    t.equal(msgidsOf(again, 'P2P').length, 1, 'only the fence')
    t.equal(msgidsOf(again, 'BC').length, 0)
  })
}
