import t from 'tap'
import { TRANSPORTS } from './support/client.js'
import { type Device, signIn } from './support/device.js'
import { ErrorCode } from './support/error-codes.js'
import { fence } from './support/fence.js'
import { killAndRestart, startGateway } from './support/gateway.js'
import { chatGroup, createGroup, joinGroup, mustDo, Role, rolesOf } from './support/group.js'
import { freshId } from './support/ids.js'
import { signInAtEach } from './support/placing.js'

const gateway = await startGateway(t)

for (const transport of TRANSPORTS) {
  t.test(`who makes a group owns it and is in it over ${transport}`, async t => {
    const owner = await signIn(t, gateway, { transport })
    const ack = await owner.client.request('GROUP-CREAT', { uid: owner.uid, name: 'n', desc: 'd' })
    t.hasStrict(ack, { uid: owner.uid, code: 0, errmsg: 'OK' })
    t.ok(ack.gid !== undefined && ack.gid > 0, 'the gateway chose a gid')
    t.strictSame(await rolesOf(owner, ack.gid!), { [String(owner.uid)]: Role.OWNER })
    const zero = await mustDo(owner, 'GROUP-CREAT', { uid: owner.uid, gid: 0, name: 'n', desc: 'd' })
    t.not(zero.gid, 0)
    t.not(zero.gid, ack.gid)
  })

  t.test(`a group may be made with a gid that is free, not with one that is taken over ${transport}`, async t => {
    const [owner, other] = [await signIn(t, gateway, { transport }), await signIn(t, gateway, { transport })]
    const gid = freshId() + 1_000_000
    t.equal(await createGroup(owner, gid), gid)
    for (const device of [owner, other]) {
      const ack = await device.client.request('GROUP-CREAT', { uid: device.uid, gid, name: 'n', desc: 'd' })
      t.equal(ack.code, ErrorCode.NOT_ALLOWED)
    }
    t.strictSame(await rolesOf(owner, gid), { [String(owner.uid)]: Role.OWNER })
  })

  t.test(`GROUP-CHAT reaches every device of every member, the sender too, over ${transport}`, async t => {
    const owner = await signIn(t, gateway, { transport })
    const uid = freshId()
    const devices: Device[] = [owner]
    for (const other of TRANSPORTS) devices.push(await signIn(t, gateway, { transport: other, uid }))
    const gid = await createGroup(owner)
    const joined = await joinGroup(devices[1]!, gid)
    t.hasStrict(joined, { uid, gid, code: 0, errmsg: 'OK' })
    const before = Date.now()
    const ack = await chatGroup(owner, gid, 'hello')
    t.hasStrict(ack, { uid: owner.uid, gid, code: 0, errmsg: 'OK' })
    for (const { client } of devices) {
      const chat = await client.next('GROUP-CHAT')
      t.hasStrict(chat, { uid: owner.uid, gid, level: 1, text: 'hello', msgid: ack.msgid })
      t.ok(Number(chat.time) >= before - 1 && Number(chat.time) <= Date.now() + 1)
    }
    t.equal((await chatGroup(devices[2]!, gid, 'from the second device')).code, ErrorCode.OK)
    await fence(gateway, owner)
    t.equal(owner.client.received('GROUP-CHAT').length, 2, 'each message arrives once')
  })

  t.test(`a user lists his groups, page by page, over ${transport}`, async t => {
    const [owner, member] = [await signIn(t, gateway, { transport }), await signIn(t, gateway, { transport })]
    const gids = []
    for (let index = 0; index < 5; index += 1) gids.push(await createGroup(owner))
    gids.sort((one, other) => (one < other ? -1 : 1))
    for (const gid of gids) await joinGroup(member, gid)
    const listed = async (body: object) => {
      const { uid, list } = await mustDo(member, 'GROUP-LIST', body)
      t.equal(uid, member.uid)
      return (list ?? []).map(({ gid }) => gid)
    }
    t.strictSame(await listed({}), gids)
    t.strictSame(await listed({ num: 2 }), gids.slice(0, 2))
    t.strictSame(await listed({ num: 2, after: gids[1] }), gids.slice(2, 4))
    t.strictSame(await listed({ num: 2, after: gids[4] }), [])
    t.strictSame(await listed({ num: 4_294_967_295, after: 0 }), gids)
    await mustDo(member, 'GROUP-QUIT', { uid: member.uid, gid: gids[0] })
    t.strictSame(await listed({}), gids.slice(1), 'a group that he left is not among them')
  })

  t.test(`a group that does not exist is refused over ${transport}`, async t => {
    const { client, uid } = await signIn(t, gateway, { transport })
    const gid = 2n ** 64n - 1n
    t.equal((await client.request('GROUP-JOIN', { uid, gid })).code, ErrorCode.NO_SUCH_GROUP)
    t.equal((await client.request('GROUP-CHAT', { uid, gid, level: 1, text: 'x' })).code, ErrorCode.NO_SUCH_GROUP)
    t.equal((await client.request('GROUP-QUIT', { uid, gid })).code, ErrorCode.NO_SUCH_GROUP)
    t.equal((await client.request('GROUP-DISMISS', { uid, gid })).code, ErrorCode.NO_SUCH_GROUP)
  })

  t.test(`who is not a member neither speaks, nor invites, nor hears over ${transport}`, async t => {
    const [owner, stranger] = [await signIn(t, gateway, { transport }), await signIn(t, gateway, { transport })]
    const gid = await createGroup(owner)
    t.equal((await chatGroup(stranger, gid, 'x')).code, ErrorCode.NOT_A_MEMBER)
    const invite = await stranger.client.request('GROUP-INVITE', { uid: stranger.uid, gid, to: owner.uid })
    t.equal(invite.code, ErrorCode.NOT_A_MEMBER)
    const quit = await stranger.client.request('GROUP-QUIT', { uid: stranger.uid, gid })
    t.equal(quit.code, ErrorCode.NOT_A_MEMBER)
    t.equal((await chatGroup(owner, gid, 'among us')).code, ErrorCode.OK)
    await owner.client.next('GROUP-CHAT')
    await fence(gateway, stranger)
    t.strictSame(stranger.client.received('GROUP-CHAT'), [])
  })

  t.test(`members hear who joins and who quits over ${transport}`, async t => {
    const [owner, member] = [await signIn(t, gateway, { transport }), await signIn(t, gateway, { transport })]
    const gid = await createGroup(owner)
    await joinGroup(member, gid)
    t.hasStrict(await owner.client.next('GROUP-JOIN-NTF'), { uid: member.uid, gid })
    t.strictSame(await rolesOf(owner, gid), { [String(owner.uid)]: Role.OWNER, [String(member.uid)]: Role.MEMBER })
    const quit = await mustDo(member, 'GROUP-QUIT', { uid: member.uid, gid })
    t.hasStrict(quit, { uid: member.uid, gid, code: 0 })
    t.hasStrict(await owner.client.next('GROUP-QUIT-NTF'), { uid: member.uid, gid })
    t.strictSame(await rolesOf(owner, gid), { [String(owner.uid)]: Role.OWNER })
    t.equal((await chatGroup(member, gid, 'x')).code, ErrorCode.NOT_A_MEMBER)
    await fence(gateway, member)
    t.strictSame(member.client.received('GROUP-JOIN-NTF'), [], 'the joiner hears nothing of himself')
  })

  t.test(`an invitation reaches the one invited over ${transport}`, async t => {
    const [owner, guest] = [await signIn(t, gateway, { transport }), await signIn(t, gateway, { transport })]
    const gid = await createGroup(owner)
    const ack = await owner.client.request('GROUP-INVITE', { uid: owner.uid, gid, to: guest.uid })
    t.equal(ack.code, ErrorCode.OK)
    t.hasStrict(await guest.client.next('GROUP-INVITE'), { uid: owner.uid, gid, to: guest.uid })
    t.strictSame(await rolesOf(owner, gid), { [String(owner.uid)]: Role.OWNER }, 'an invitation alone makes no member')
    await joinGroup(guest, gid)
  })

  t.test(`GROUP-USR-LIST gives as many members as asked for over ${transport}`, async t => {
    const owner = await signIn(t, gateway, { transport })
    const gid = await createGroup(owner)
    for (let index = 0; index < 4; index += 1) {
      await joinGroup(await signIn(t, gateway, { transport: 'tcp' }), gid)
    }
    const all = await mustDo(owner, 'GROUP-USR-LIST', { gid, num: 0 })
    t.equal(all.gid, gid)
    t.equal(all.list?.length, 5)
    t.equal((await mustDo(owner, 'GROUP-USR-LIST', { gid, num: 2 })).list?.length, 2)
  })
}

t.test('who comes online hears of his groups without joining again', async t => {
  const [owner, member] = [
    await signIn(t, gateway, { transport: 'tcp' }),
    await signIn(t, gateway, { transport: 'ws-json' }),
  ]
  const gid = await createGroup(owner)
  await joinGroup(member, gid)
  await member.client.request('OFFLINE')
  await member.client.closed
  t.equal((await chatGroup(owner, gid, 'nobody hears it')).code, ErrorCode.OK)
  const back = await signIn(t, gateway, { transport: 'ws-binary', uid: member.uid })
  t.equal((await chatGroup(owner, gid, 'welcome back')).code, ErrorCode.OK)
  t.equal((await back.client.next('GROUP-CHAT')).text, 'welcome back')
  t.equal((await chatGroup(back, gid, 'thanks')).code, ErrorCode.OK)
})

t.test('every member sees the messages of a group in one order, msgid rising', async t => {
  const devices = await signInAtEach(t, gateway, [...TRANSPORTS, ...TRANSPORTS])
  const gid = await createGroup(devices[0]!)
  for (const device of devices.slice(1)) await joinGroup(device, gid)
  const perSender = 40
  for (let index = 0; index < perSender; index += 1) {
    for (const { client, uid } of devices) client.send('GROUP-CHAT', { uid, gid, level: 1, text: `${uid}:${index}` })
  }
  const seen: unknown[] = []
  for (const { client } of devices) {
    for (let index = 0; index < perSender * devices.length; index += 1) await client.next('GROUP-CHAT')
    const chats = client.received('GROUP-CHAT')
    t.ok(
      chats.every(({ msgid }, index) => index === 0 || msgid! > chats[index - 1]!.msgid!),
      'msgid rises',
    )
    seen.push(chats.map(({ msgid, text }) => `${msgid} ${text}`))
  }
  for (const order of seen) t.strictSame(order, seen[0])
})

t.test('groups, members, roles, blacklists and gags survive a crash right after the answer', async t => {
  const before = await startGateway(t)
  const uids = { owner: freshId(), manager: 2n ** 64n - 1n, member: freshId(), banned: freshId(), gagged: 2n ** 63n }
  const owner = await signIn(t, before, { transport: 'tcp', uid: uids.owner })
  const gid = await createGroup(owner)
  for (const uid of [uids.manager, uids.member, uids.banned, uids.gagged]) {
    await joinGroup(await signIn(t, before, { transport: 'tcp', uid }), gid)
  }
  await mustDo(owner, 'GROUP-MGR-ADD', { uid: uids.manager, gid })
  await mustDo(owner, 'GROUP-BL-ADD', { uid: uids.banned, gid })
  await mustDo(owner, 'GROUP-GAG-ADD', { uid: uids.gagged, gid })
  const last = await signIn(t, before, { transport: 'ws-json' })
  await joinGroup(last, gid)
  const after = await killAndRestart(t, before)

  const owner2 = await signIn(t, after, { transport: 'ws-binary', uid: uids.owner })
  t.strictSame(await rolesOf(owner2, gid), {
    [String(uids.owner)]: Role.OWNER,
    [String(uids.manager)]: Role.MANAGER,
    [String(uids.member)]: Role.MEMBER,
    [String(uids.gagged)]: Role.MEMBER,
    [String(last.uid)]: Role.MEMBER,
  })
  const banned = await signIn(t, after, { transport: 'tcp', uid: uids.banned })
  t.equal((await banned.client.request('GROUP-JOIN', { uid: uids.banned, gid })).code, ErrorCode.BLACKLISTED)
  const gagged = await signIn(t, after, { transport: 'tcp', uid: uids.gagged })
  t.equal((await chatGroup(gagged, gid, 'x')).code, ErrorCode.GAGGED)
  t.equal((await chatGroup(owner2, gid, 'we are back')).code, ErrorCode.OK)
  t.equal((await gagged.client.next('GROUP-CHAT')).text, 'we are back')
  const next = await createGroup(owner2)
  t.not(next, gid, 'a new group gets a new gid')
})
