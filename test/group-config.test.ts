import t from 'tap'
import { TRANSPORTS } from './support/client.js'
import { type Device, signIn } from './support/device.js'
import { ErrorCode } from './support/error-codes.js'
import { killAndRestart, startGateway } from './support/gateway.js'
import { chatGroup, createGroup, joinGroup, rolesOf } from './support/group.js'
import { freshId, type Id } from './support/ids.js'

const gateway = await startGateway(t)

const uidsOf = async (
  option: 'blacklist' | 'gag' | 'member',
  gid: Id,
  api = gateway.api,
): Promise<(Id | undefined)[]> => {
  const { list, len } = await api.groupConfig('get', option, { gid })
  t.equal(len, list?.length)
  t.strictSame(
    list?.map(({ idx }) => idx),
    list?.map((_entry, index) => index),
  )
  return (list ?? []).map(({ uid }) => uid)
}

for (const transport of TRANSPORTS) {
  t.test(
    `the API's group blacklist removes the member, tells the group and refuses joins over ${transport}`,
    async t => {
      const [owner, member] = [await signIn(t, gateway, { transport }), await signIn(t, gateway, { transport })]
      const gid = await createGroup(owner)
      await joinGroup(member, gid)
      await gateway.api.groupConfig('add', 'blacklist', { gid, uid: member.uid })
      t.hasStrict(await owner.client.next('GROUP-BL-ADD-NTF'), { uid: member.uid, gid })
      t.strictSame(await uidsOf('blacklist', gid), [member.uid])
      t.notOk(String(member.uid) in (await rolesOf(owner, gid)))
      const join = await member.client.request('GROUP-JOIN', { uid: member.uid, gid })
      t.equal(join.code, ErrorCode.BLACKLISTED)
      await gateway.api.groupConfig('del', 'blacklist', { gid, uid: member.uid })
      t.strictSame(await uidsOf('blacklist', gid), [])
      await joinGroup(member, gid)
    },
  )

  t.test(`the API's group gag silences one or everybody over ${transport}`, async t => {
    const [owner, member] = [await signIn(t, gateway, { transport }), await signIn(t, gateway, { transport })]
    const gid = await createGroup(owner)
    await joinGroup(member, gid)
    const codes = async () => [(await chatGroup(owner, gid, 'x')).code, (await chatGroup(member, gid, 'x')).code]
    await gateway.api.groupConfig('add', 'gag', { gid, uid: member.uid })
    t.strictSame(await codes(), [0, ErrorCode.GAGGED])
    await gateway.api.groupConfig('add', 'gag', { gid })
    t.strictSame(await codes(), [ErrorCode.GAGGED, ErrorCode.GAGGED])
    t.strictSame(new Set(await uidsOf('gag', gid)), new Set([0, member.uid]), 'everybody is listed as uid 0')
    t.equal((await gateway.api.push('group', { gid }, 'pushes ignore gags')).total, 2)
    await gateway.api.groupConfig('del', 'gag', { gid, uid: 0 })
    t.strictSame(await codes(), [0, ErrorCode.GAGGED])
    await gateway.api.groupConfig('del', 'gag', { gid, uid: member.uid })
    t.strictSame(await codes(), [0, 0])
    t.strictSame(await uidsOf('gag', gid), [])
  })

  t.test(`the API closes a group and opens it again over ${transport}`, async t => {
    const [owner, member] = [await signIn(t, gateway, { transport }), await signIn(t, gateway, { transport })]
    const gid = await createGroup(owner)
    await joinGroup(member, gid)
    await gateway.api.groupConfig('close', 'group', { gid })
    for (const { client } of [owner, member]) t.hasStrict(await client.next('GROUP-DISMISS-NTF'), { gid })
    t.equal((await chatGroup(member, gid, 'x')).code, ErrorCode.CLOSED)
    t.equal((await gateway.api.push('group', { gid }, 'x')).code, ErrorCode.CLOSED)
    await gateway.api.groupConfig('open', 'group', { gid })
    await joinGroup(member, gid)
    t.equal((await chatGroup(member, gid, 'we are back')).code, ErrorCode.OK)
  })
}

t.test('a full group refuses joins, and a smaller size removes nobody', async t => {
  const owner = await signIn(t, gateway, { transport: 'tcp' })
  const gid = await createGroup(owner)
  const members: Device[] = []
  for (const transport of TRANSPORTS) members.push(await signIn(t, gateway, { transport }))
  t.hasStrict(await gateway.api.groupConfig('set', 'cap', { gid, cap: 3 }), { gid, cap: 3, code: 0 })
  t.hasStrict(await gateway.api.groupConfig('get', 'cap', { gid }), { gid, cap: 3 })
  await joinGroup(members[0]!, gid)
  await joinGroup(members[1]!, gid)
  const third = members[2]!
  const full = await third.client.request('GROUP-JOIN', { uid: third.uid, gid })
  t.equal(full.code, ErrorCode.FULL)
  await gateway.api.groupConfig('set', 'cap', { gid, cap: 1 })
  t.equal((await uidsOf('member', gid)).length, 3)
  t.equal((await chatGroup(members[1]!, gid, 'still here')).code, ErrorCode.OK)
  await members[1]!.client.request('GROUP-QUIT', { uid: members[1]!.uid, gid })
  const still = await third.client.request('GROUP-JOIN', { uid: third.uid, gid })
  t.equal(still.code, ErrorCode.FULL)
  await gateway.api.groupConfig('set', 'cap', { gid, cap: 3 })
  await joinGroup(third, gid)
})

t.test('the API adds members, also those who are not online, lists and removes them', async t => {
  const owner = await signIn(t, gateway, { transport: 'ws-json' })
  const member = await signIn(t, gateway, { transport: 'tcp' })
  const gid = await createGroup(owner)
  const absent = 2n ** 64n - 1n
  await gateway.api.groupConfig('add', 'member', { gid, uid: member.uid })
  await gateway.api.groupConfig('add', 'member', { gid, uid: absent })
  t.strictSame(new Set(await uidsOf('member', gid)), new Set([owner.uid, member.uid, absent]))
  t.equal((await chatGroup(owner, gid, 'welcome')).code, ErrorCode.OK)
  t.equal((await member.client.next('GROUP-CHAT')).text, 'welcome')
  await gateway.api.groupConfig('del', 'member', { gid, uid: member.uid })
  t.equal((await chatGroup(member, gid, 'x')).code, ErrorCode.NOT_A_MEMBER)
  t.strictSame(new Set(await uidsOf('member', gid)), new Set([owner.uid, absent]))
})

t.test('rankings of groups count members and messages, most first', async t => {
  const own = await startGateway(t)
  const owner = await signIn(t, own, { transport: 'tcp' })
  const gids: Id[] = []
  for (let index = 0; index < 3; index += 1) {
    const gid = await createGroup(owner)
    gids.push(gid)
    for (let more = 0; more < index; more += 1) await own.api.groupConfig('add', 'member', { gid, uid: freshId() })
    for (let said = 0; said < 3 - index; said += 1) await chatGroup(owner, gid, 'x')
  }
  const byMembers = await own.api.ok('/im/group/query', { option: 'top-list' })
  t.strictSame(byMembers.list, [
    { idx: 0, gid: gids[2], total: 3 },
    { idx: 1, gid: gids[1], total: 2 },
    { idx: 2, gid: gids[0], total: 1 },
  ])
  const byMessages = await own.api.ok('/im/group/query', { option: 'mesg-top-list', num: 2 })
  t.strictSame(byMessages.list, [
    { idx: 0, gid: gids[0], total: 3 },
    { idx: 1, gid: gids[1], total: 2 },
  ])
})

t.test('a closed group, its size, blacklist and gags survive a crash', async t => {
  const before = await startGateway(t)
  const owner = await signIn(t, before, { transport: 'tcp' })
  const [gid, closed] = [await createGroup(owner), await createGroup(owner)]
  const uid = 2n ** 64n - 1n
  await before.api.groupConfig('add', 'blacklist', { gid, uid })
  await before.api.groupConfig('add', 'gag', { gid })
  await before.api.groupConfig('set', 'cap', { gid, cap: 7 })
  await before.api.groupConfig('close', 'group', { gid: closed })
  const after = await killAndRestart(t, before)
  t.strictSame(await uidsOf('blacklist', gid, after.api), [uid])
  t.strictSame(await uidsOf('gag', gid, after.api), [0])
  t.equal((await after.api.groupConfig('get', 'cap', { gid })).cap, 7)
  const back = await signIn(t, after, { transport: 'tcp', uid: owner.uid })
  t.equal((await chatGroup(back, gid, 'x')).code, ErrorCode.GAGGED)
  t.equal((await chatGroup(back, closed, 'x')).code, ErrorCode.CLOSED)
})
