import t, { type Test } from 'tap'
import type { ReplyBody } from './support/api.js'
import { TRANSPORTS, type Transport } from './support/client.js'
import { isKicked, staysOpen } from './support/closing.js'
import { type Device, signIn } from './support/device.js'
import { type Gateway, startGateway } from './support/gateway.js'
import { createGroup, joinGroup } from './support/group.js'
import { freshId } from './support/ids.js'
import { counted, isConserved } from './support/metrics.js'
import { joinRoom } from './support/room.js'

const PUSH_BYTES = 60_000
/** More than the kernel's and the gateway's buffers for one connection can hold together. */
const PUSHES_MAX = 3000
/** The least that the option allows: a client is behind soon. */
const WRITER_BYTES_MAX = '65536'
const SLOW_CODE = 10009
const payload = Buffer.alloc(PUSH_BYTES, 0x61)

const closing = await startGateway(t, { env: { IMGATE_WRITER_BYTES_MAX: WRITER_BYTES_MAX } })
const dropping = await startGateway(t, {
  env: { IMGATE_WRITER_BYTES_MAX: WRITER_BYTES_MAX, IMGATE_SLOW_CLIENT: 'drop-new' },
})

/** Pushes to both until the slow one is out, and it reads again at that moment. @returns how many both were to get */
async function pushUntilOut(push: Push, { client }: Device, reader: Device): Promise<number> {
  for (let pushed = 0; pushed < PUSHES_MAX; pushed++) {
    // The answer says how many members there were. The end of the slow one waits for it only so long (docs/engine.md, 4).
    const { total } = await push()
    if (total === 1) client.resume()
    await reader.client.next(pushedCommand(reader))
    if (total === 1) return pushed
  }
  throw new Error(`who does not read is still there after ${PUSHES_MAX} pushes`)
}

/** Pushes until it is enough; a reader gets them all. @returns how many */
async function pushUntil(push: Push, reader: Device, isEnough: () => Promise<boolean>): Promise<number> {
  let pushed = 0
  while (pushed < PUSHES_MAX && !(await isEnough())) {
    for (let index = 0; index < 10; index += 1) await push()
    for (let index = 0; index < 10; index += 1) await reader.client.next(pushedCommand(reader))
    pushed += 10
  }
  return pushed
}

const inGroup = new Set<Device>()
type Push = () => Promise<ReplyBody>
const pushedCommand = (device: Device) => (inGroup.has(device) ? 'GROUP-BC' : 'ROOM-BC')

async function isOffline(gateway: Gateway, { uid }: Device): Promise<boolean> {
  return (await gateway.api.ok('/im/query', { option: 'user-status', uid })).status !== 1
}

async function inOneRoom(t: Test, gateway: Gateway, transport: Transport) {
  const rid = freshId()
  const slow = await signIn(t, gateway, { transport })
  const reader = await signIn(t, gateway, { transport })
  for (const device of [slow, reader]) await joinRoom(device, rid)
  const push = (body: Buffer | string = payload) => gateway.api.push('room', { rid, expire: 0 }, body)
  return { rid, slow, reader, push }
}

/** It reads what waited, and learns why it is closed. */
async function isClosedAsSlow(t: Test, gateway: Gateway, { client }: Device): Promise<void> {
  await isKicked(t, client, { code: SLOW_CODE, retry: 1, closeCode: 4001 })
  t.ok((await counted(gateway, 'closed_slow_consumer_total')) > 0)
}

for (const transport of TRANSPORTS) {
  t.test(`who does not read is disconnected, and the others miss nothing, over ${transport}`, async t => {
    const { rid, slow, reader, push } = await inOneRoom(t, closing, transport)
    slow.client.pause()
    const pushed = await pushUntilOut(push, slow, reader)
    t.comment(`disconnected after ${((pushed * PUSH_BYTES) / 2 ** 20).toFixed(1)} MiB`)
    await isClosedAsSlow(t, closing, slow)
    const msgids = reader.client.received('ROOM-BC').map(({ msgid }) => msgid!)
    t.equal(msgids.length, pushed + 1, 'the reader got every push')
    t.ok(
      msgids.every((msgid, index) => index === 0 || msgid > msgids[index - 1]!),
      'in order',
    )
    await staysOpen(t, reader.client)
    const back = await signIn(t, closing, { transport, uid: slow.uid })
    await joinRoom(back, rid)
    t.equal((await push('welcome back')).total, 2)
    await back.client.next('ROOM-BC')
    await isConserved(t, closing)
    t.equal(await counted(closing, 'dropped_total', 'behind'), 0, 'nobody misses anything and stays')
  })

  t.test(`with drop-new who does not read stays, and what it misses is counted, over ${transport}`, async t => {
    const { slow, reader, push } = await inOneRoom(t, dropping, transport)
    const before = await counted(dropping, 'dropped_total', 'behind')
    const missed = async () => (await counted(dropping, 'dropped_total', 'behind')) - before
    slow.client.pause()
    let pushed = await pushUntil(push, reader, async () => (await missed()) >= 100)
    t.ok(pushed < PUSHES_MAX, `${await missed()} of ${pushed} pushes dropped`)
    t.notOk(await isOffline(dropping, slow), 'and it is still there')
    // Its requests are answered nevertheless.
    const pings = Array.from({ length: 5 }, () => slow.client.send('PING'))
    await push('and so are its pings')
    pushed++
    slow.client.resume()
    for (const seq of pings) t.equal((await slow.client.answerTo(seq)).cmd, 'PONG')
    t.equal(slow.client.received('ROOM-BC').length, pushed - (await missed()), 'it got all others')
    const { msgid } = await push('present again')
    await slow.client.next('ROOM-BC', body => body.msgid === msgid)
    await isConserved(t, dropping)
    for (const { client } of [slow, reader]) await staysOpen(t, client)
  })

  t.test(`with drop-new a group closes who does not read, over ${transport}`, async t => {
    const slow = await signIn(t, dropping, { transport })
    const reader = await signIn(t, dropping, { transport })
    const gid = await createGroup(reader)
    await joinGroup(slow, gid)
    inGroup.add(reader)
    slow.client.pause()
    const push = () => dropping.api.push('group', { gid, expire: 0 }, payload)
    const pushed = await pushUntilOut(push, slow, reader)
    t.comment(`disconnected after ${((pushed * PUSH_BYTES) / 2 ** 20).toFixed(1)} MiB`)
    await isClosedAsSlow(t, dropping, slow)
    await isConserved(t, dropping)
  })
}
