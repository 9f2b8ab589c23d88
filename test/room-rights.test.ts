import t from 'tap'
import { TRANSPORTS } from './support/client.js'
import { signIn } from './support/device.js'
import { ErrorCode } from './support/error-codes.js'
import { fence } from './support/fence.js'
import { killAndRestart, startGateway } from './support/gateway.js'
import { freshId } from './support/ids.js'
import { chatRoom, createRoom, joinRoom } from './support/room.js'

const gateway = await startGateway(t)

for (const transport of TRANSPORTS) {
  t.test(`ROOM-CREAT gives every room an id of its own over ${transport}`, async t => {
    const owner = await signIn(t, gateway, { transport })
    const rids = [await createRoom(owner), await createRoom(owner), await createRoom(owner)]
    t.equal(new Set(rids).size, 3)
    const ack = await owner.client.request('ROOM-CREAT', { uid: owner.uid, name: 'n', desc: 'd' })
    t.hasStrict(ack, { uid: owner.uid, code: 0, errmsg: 'OK' })
  })

  t.test(`only the owner kicks, and the kicked one is out over ${transport}`, async t => {
    const [owner, member, victim] = [
      await signIn(t, gateway, { transport }),
      await signIn(t, gateway, { transport }),
      await signIn(t, gateway, { transport }),
    ]
    const rid = await createRoom(owner)
    for (const device of [owner, member, victim]) await joinRoom(device, rid)
    const refused = await member.client.request('ROOM-KICK', { uid: victim.uid, rid })
    t.equal(refused.code, ErrorCode.NOT_ALLOWED)
    t.equal((await chatRoom(victim, rid, 'still in')).code, ErrorCode.OK)

    const done = await owner.client.request('ROOM-KICK', { uid: victim.uid, rid })
    t.equal(done.code, ErrorCode.OK)
    for (const { client } of [victim, owner, member]) {
      t.hasStrict(await client.next('ROOM-KICK-NTF'), { uid: victim.uid, rid }, 'the kick is announced')
    }
    t.equal((await chatRoom(victim, rid, 'out')).code, ErrorCode.NOT_A_MEMBER)
    await chatRoom(owner, rid, 'without him')
    await owner.client.next('ROOM-CHAT', ({ text }) => text === 'without him')
    await fence(gateway, victim)
    t.notOk(victim.client.received('ROOM-CHAT').some(({ text }) => text === 'without him'))
    await joinRoom(victim, rid)
  })

  t.test(`a kick reaches every device of the user over ${transport}`, async t => {
    const owner = await signIn(t, gateway, { transport })
    const uid = freshId()
    const victims = [await signIn(t, gateway, { transport, uid }), await signIn(t, gateway, { transport: 'tcp', uid })]
    const rid = await createRoom(owner)
    for (const device of [owner, ...victims]) await joinRoom(device, rid)
    await owner.client.request('ROOM-KICK', { uid, rid })
    for (const victim of victims) {
      await victim.client.next('ROOM-KICK-NTF')
      t.equal((await chatRoom(victim, rid, 'out')).code, ErrorCode.NOT_A_MEMBER)
    }
  })

  t.test(`only the owner dismisses, and members are told and removed over ${transport}`, async t => {
    const [owner, member] = [await signIn(t, gateway, { transport }), await signIn(t, gateway, { transport })]
    const rid = await createRoom(owner)
    for (const device of [owner, member]) await joinRoom(device, rid)
    const refused = await member.client.request('ROOM-DISMISS', { uid: member.uid, rid })
    t.equal(refused.code, ErrorCode.NOT_ALLOWED)
    const done = await owner.client.request('ROOM-DISMISS', { uid: owner.uid, rid })
    t.hasStrict(done, { code: 0, errmsg: 'OK' })
    t.hasStrict(await member.client.next('ROOM-DISMISS-NTF'), { rid })
    t.equal((await chatRoom(member, rid, 'anybody?')).code, ErrorCode.CLOSED)
    const join = await member.client.request('ROOM-JOIN', { uid: member.uid, rid })
    t.equal(join.code, ErrorCode.CLOSED)
    t.equal((await gateway.api.push('room', { rid, expire: 0 }, 'x')).code, ErrorCode.CLOSED)
  })

  t.test(`nobody rules a room that a mere join made over ${transport}`, async t => {
    const [first, second] = [await signIn(t, gateway, { transport }), await signIn(t, gateway, { transport })]
    const rid = freshId()
    for (const device of [first, second]) await joinRoom(device, rid)
    const kick = await first.client.request('ROOM-KICK', { uid: second.uid, rid })
    t.equal(kick.code, ErrorCode.NOT_ALLOWED)
    const dismiss = await first.client.request('ROOM-DISMISS', { uid: first.uid, rid })
    t.equal(dismiss.code, ErrorCode.NOT_ALLOWED)
    t.equal((await chatRoom(second, rid, 'still in')).code, ErrorCode.OK)
  })
}

t.test('who owns a room owns it after a crash, and new rooms get new ids', async t => {
  const first = await startGateway(t)
  const uid = freshId()
  const before = await signIn(t, first, { transport: 'tcp', uid })
  const rids = [await createRoom(before), await createRoom(before)]
  const second = await killAndRestart(t, first)
  const owner = await signIn(t, second, { transport: 'ws-json', uid })
  const other = await signIn(t, second, { transport: 'tcp' })
  const rid = rids[0]!
  for (const device of [owner, other]) await joinRoom(device, rid)
  t.equal((await other.client.request('ROOM-KICK', { uid, rid })).code, ErrorCode.NOT_ALLOWED)
  t.equal((await owner.client.request('ROOM-KICK', { uid: other.uid, rid })).code, ErrorCode.OK)
  t.notOk(rids.includes(await createRoom(owner)))
})
