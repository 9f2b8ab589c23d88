import t from 'tap'
import { TRANSPORTS } from './support/client.js'
import { staysOpen } from './support/closing.js'
import { signIn } from './support/device.js'
import { startGateway } from './support/gateway.js'
import { freshId } from './support/ids.js'
import { joinRoom } from './support/room.js'

const PUSH_BYTES = 60_000
/** More than the kernel's and the gateway's buffers for one connection can hold together. */
const PUSHES_MAX = 3000

const gateway = await startGateway(t)

for (const transport of TRANSPORTS) {
  t.test(`who does not read is disconnected, and the others miss nothing, over ${transport}`, async t => {
    const rid = freshId()
    const slow = await signIn(t, gateway, { transport })
    const reader = await signIn(t, gateway, { transport })
    for (const device of [slow, reader]) await joinRoom(device, rid)
    const payload = Buffer.alloc(PUSH_BYTES, 0x61)
    slow.client.pause()
    let pushed = 0
    for (let isOnline = true; isOnline && pushed < PUSHES_MAX; ) {
      for (let index = 0; index < 10; index += 1) await gateway.api.push('room', { rid, expire: 0 }, payload)
      for (let index = 0; index < 10; index += 1) await reader.client.next('ROOM-BC')
      pushed += 10
      isOnline = (await gateway.api.ok('/im/query', { option: 'user-status', uid: slow.uid })).status === 1
    }
    t.ok(pushed < PUSHES_MAX, `disconnected after ${((pushed * PUSH_BYTES) / 2 ** 20).toFixed(1)} MiB`)
    const msgids = reader.client.received('ROOM-BC').map(({ msgid }) => msgid!)
    t.equal(msgids.length, pushed, 'the reader got every push')
    t.ok(
      msgids.every((msgid, index) => index === 0 || msgid > msgids[index - 1]!),
      'in order',
    )
    await staysOpen(t, reader.client)
    slow.client.resume()
    const { code } = await slow.client.closed
    t.ok(code === undefined || code === 1006 || (code >= 4000 && code <= 4999), `closed with ${code ?? 'no code'}`)
    const back = await signIn(t, gateway, { transport, uid: slow.uid })
    await joinRoom(back, rid)
    t.equal((await gateway.api.push('room', { rid, expire: 0 }, 'welcome back')).total, 2)
    await back.client.next('ROOM-BC')
  })
}
