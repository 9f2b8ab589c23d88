import t from 'tap'
import { TRANSPORTS } from './support/client.js'
import { COMMANDS } from './support/commands.js'
import { type Device, signIn } from './support/device.js'
import { ErrorCode } from './support/error-codes.js'
import { fence } from './support/fence.js'
import { startGateway } from './support/gateway.js'
import { freshId } from './support/ids.js'
import { joinRoom } from './support/room.js'

const NOTICE_MEMBERS_MAX = 100

const gateway = await startGateway(t)

for (const transport of TRANSPORTS) {
  t.test(`members hear who joins and who leaves, the joiner hears nothing of himself over ${transport}`, async t => {
    const rid = freshId()
    const [member, joiner] = [await signIn(t, gateway, { transport }), await signIn(t, gateway, { transport })]
    await joinRoom(member, rid)
    await joinRoom(joiner, rid)
    t.hasStrict(await member.client.next('ROOM-JOIN-NTF'), { uid: joiner.uid, rid })
    await joiner.client.request('ROOM-QUIT', { uid: joiner.uid, rid })
    t.hasStrict(await member.client.next('ROOM-QUIT-NTF'), { uid: joiner.uid, rid })
    await fence(gateway, member, joiner)
    t.equal(member.client.received('ROOM-JOIN-NTF').length, 1)
    t.equal(member.client.received('ROOM-QUIT-NTF').length, 1)
    t.strictSame(joiner.client.received('ROOM-JOIN-NTF'), [])
    t.strictSame(joiner.client.received('ROOM-QUIT-NTF'), [])
  })

  t.test(`notices are of users: a second device of one is nobody's news over ${transport}`, async t => {
    const rid = freshId()
    const member = await signIn(t, gateway, { transport })
    const phone = await signIn(t, gateway, { transport })
    const desktop = await signIn(t, gateway, { transport, uid: phone.uid })
    await joinRoom(member, rid)
    await joinRoom(phone, rid)
    await joinRoom(desktop, rid)
    await phone.client.request('ROOM-QUIT', { uid: phone.uid, rid })
    await fence(gateway, member, desktop)
    t.equal(member.client.received('ROOM-JOIN-NTF').length, 1, 'he came once')
    t.equal(member.client.received('ROOM-QUIT-NTF').length, 0, 'he is still there')
    t.equal(desktop.client.received('ROOM-QUIT-NTF').length, 0)
    desktop.client.destroy()
    t.hasStrict(await member.client.next('ROOM-QUIT-NTF'), { uid: phone.uid, rid })
  })

  t.test(`members hear of a connection that was cut over ${transport}`, async t => {
    const rid = freshId()
    const [member, falls] = [await signIn(t, gateway, { transport }), await signIn(t, gateway, { transport })]
    await joinRoom(member, rid)
    await joinRoom(falls, rid)
    falls.client.destroy()
    t.hasStrict(await member.client.next('ROOM-QUIT-NTF'), { uid: falls.uid, rid })
  })

  t.test(`who subscribed hears the number in his room, at most once a second, over ${transport}`, async t => {
    const rid = freshId()
    const watcher = await signIn(t, gateway, { transport })
    const deaf = await signIn(t, gateway, { transport })
    await joinRoom(watcher, rid)
    await joinRoom(deaf, rid)
    const sub = await watcher.client.request('SUB', { cmd: COMMANDS['ROOM-USR-NUM'] })
    t.equal(sub.code, ErrorCode.OK)
    const others: Device[] = []
    for (let index = 0; index < 5; index += 1) {
      const other = await signIn(t, gateway, { transport: 'tcp' })
      await joinRoom(other, rid)
      others.push(other)
    }
    const full = await watcher.client.next('ROOM-USR-NUM', ({ num }) => num === 7)
    t.equal(full.rid, rid)
    for (const other of others) await other.client.request('ROOM-QUIT', { uid: other.uid, rid })
    await watcher.client.next('ROOM-USR-NUM', ({ num }) => num === 2)
    const times = watcher.client.inbox.arrivals.filter(({ cmd }) => cmd === 'ROOM-USR-NUM').map(({ at }) => at)
    const gaps = times.slice(1).map((at, index) => at - times[index]!)
    t.ok(
      gaps.every(gap => gap > 800),
      `the gaps between the notices: ${gaps.map(Math.round)} ms`,
    )
    t.strictSame(deaf.client.received('ROOM-USR-NUM'), [], 'who did not subscribe hears nothing')

    const unsub = await watcher.client.request('UNSUB', { cmd: COMMANDS['ROOM-USR-NUM'] })
    t.equal(unsub.code, ErrorCode.OK)
    const again = await deaf.client.request('SUB', { cmd: COMMANDS['ROOM-USR-NUM'] })
    t.equal(again.code, ErrorCode.OK)
    const before = watcher.client.received('ROOM-USR-NUM').length
    await joinRoom(others[0]!, rid)
    await deaf.client.next('ROOM-USR-NUM', ({ num }) => num === 3)
    await fence(gateway, watcher)
    t.equal(watcher.client.received('ROOM-USR-NUM').length, before, 'who unsubscribed hears nothing more')
  })
}

t.test('SUB of what is no notice is refused', async t => {
  const { client } = await signIn(t, gateway, { transport: 'ws-json' })
  for (const cmd of [0x0405, 0x9999, 0]) {
    const ack = await client.request('SUB', { cmd })
    t.equal(ack.code, ErrorCode.BAD_BODY, `0x${cmd.toString(16)}`)
  }
})

t.test('above 100 members joins and quits are not announced', async t => {
  const rid = freshId()
  const devices = await Promise.all(
    Array.from({ length: NOTICE_MEMBERS_MAX }, () => signIn(t, gateway, { transport: 'tcp' })),
  )
  for (const device of devices) await joinRoom(device, rid)
  const first = devices[0]!
  const last = devices[NOTICE_MEMBERS_MAX - 1]!
  await first.client.next('ROOM-JOIN-NTF', ({ uid }) => uid === last.uid)
  const late = await signIn(t, gateway, { transport: 'tcp' })
  await joinRoom(late, rid)
  await fence(gateway, first)
  t.notOk(first.client.received('ROOM-JOIN-NTF').some(({ uid }) => uid === late.uid))
})
