import t from 'tap'
import { TRANSPORTS, type Transport } from './support/client.js'
import { type Device, signIn } from './support/device.js'
import { ErrorCode } from './support/error-codes.js'
import { startGateway } from './support/gateway.js'
import { chatGroup, createGroup, joinGroup, mustDo, Role, rolesOf } from './support/group.js'
import type { Id } from './support/ids.js'

const gateway = await startGateway(t)

interface Cast {
  readonly gid: Id
  readonly owner: Device
  readonly manager: Device
  readonly member: Device
  readonly victim: Device
}

/** A group with one of each. */
async function castOf(t: { teardown(handler: () => unknown): unknown }, transport: Transport): Promise<Cast> {
  const owner = await signIn(t, gateway, { transport })
  const manager = await signIn(t, gateway, { transport })
  const member = await signIn(t, gateway, { transport })
  const victim = await signIn(t, gateway, { transport })
  const gid = await createGroup(owner)
  for (const device of [manager, member, victim]) await joinGroup(device, gid)
  await mustDo(owner, 'GROUP-MGR-ADD', { uid: manager.uid, gid })
  return { gid, owner, manager, member, victim }
}

for (const transport of TRANSPORTS) {
  t.test(`the owner names managers and takes the role back over ${transport}`, async t => {
    const { gid, owner, manager, member, victim } = await castOf(t, transport)
    t.hasStrict(await member.client.next('GROUP-MGR-ADD-NTF'), { uid: manager.uid, gid })
    t.equal((await rolesOf(member, gid))[String(manager.uid)], Role.MANAGER)
    for (const device of [manager, member]) {
      const ack = await device.client.request('GROUP-MGR-ADD', { uid: victim.uid, gid })
      t.equal(ack.code, ErrorCode.NOT_ALLOWED)
    }
    await mustDo(owner, 'GROUP-MGR-DEL', { uid: manager.uid, gid })
    t.hasStrict(await member.client.next('GROUP-MGR-DEL-NTF'), { uid: manager.uid, gid })
    t.equal((await rolesOf(member, gid))[String(manager.uid)], Role.MEMBER)
    const kick = await manager.client.request('GROUP-KICK', { uid: victim.uid, gid })
    t.equal(kick.code, ErrorCode.NOT_ALLOWED)
  })

  t.test(`owner and managers kick, members do not, over ${transport}`, async t => {
    const { gid, owner, manager, member, victim } = await castOf(t, transport)
    const refused = await member.client.request('GROUP-KICK', { uid: victim.uid, gid })
    t.equal(refused.code, ErrorCode.NOT_ALLOWED)
    for (const ruler of [manager, owner]) {
      await mustDo(ruler, 'GROUP-KICK', { uid: victim.uid, gid })
      t.hasStrict(await member.client.next('GROUP-KICK-NTF'), { uid: victim.uid, gid })
      t.hasStrict(await victim.client.next('GROUP-KICK-NTF'), { uid: victim.uid, gid }, 'the one kicked is told')
      t.equal((await chatGroup(victim, gid, 'x')).code, ErrorCode.NOT_A_MEMBER)
      await joinGroup(victim, gid)
    }
    await mustDo(victim, 'GROUP-QUIT', { uid: victim.uid, gid })
    const absent = await owner.client.request('GROUP-KICK', { uid: victim.uid, gid })
    t.equal(absent.code, ErrorCode.NOT_A_MEMBER)
  })

  t.test(`owner and managers gag one or everybody, members do not, over ${transport}`, async t => {
    const { gid, owner, manager, member, victim } = await castOf(t, transport)
    const refused = await member.client.request('GROUP-GAG-ADD', { uid: victim.uid, gid })
    t.equal(refused.code, ErrorCode.NOT_ALLOWED)
    await mustDo(manager, 'GROUP-GAG-ADD', { uid: victim.uid, gid })
    t.hasStrict(await member.client.next('GROUP-GAG-ADD-NTF'), { uid: victim.uid, gid })
    t.equal((await chatGroup(victim, gid, 'x')).code, ErrorCode.GAGGED)
    t.equal((await chatGroup(member, gid, 'I may')).code, ErrorCode.OK)
    await mustDo(owner, 'GROUP-GAG-ADD', { uid: 0, gid })
    t.hasStrict(await member.client.next('GROUP-GAG-ADD-NTF'), { uid: 0, gid })
    t.equal((await chatGroup(member, gid, 'x')).code, ErrorCode.GAGGED)
    await mustDo(owner, 'GROUP-GAG-DEL', { uid: 0, gid })
    t.hasStrict(await member.client.next('GROUP-GAG-DEL-NTF'), { uid: 0, gid })
    t.equal((await chatGroup(member, gid, 'I may again')).code, ErrorCode.OK)
    t.equal((await chatGroup(victim, gid, 'x')).code, ErrorCode.GAGGED, 'his own gag stays')
    const lift = await member.client.request('GROUP-GAG-DEL', { uid: victim.uid, gid })
    t.equal(lift.code, ErrorCode.NOT_ALLOWED)
    await mustDo(manager, 'GROUP-GAG-DEL', { uid: victim.uid, gid })
    t.equal((await chatGroup(victim, gid, 'thanks')).code, ErrorCode.OK)
  })

  t.test(`owner and managers blacklist, which removes and keeps out, over ${transport}`, async t => {
    const { gid, owner, manager, member, victim } = await castOf(t, transport)
    const refused = await member.client.request('GROUP-BL-ADD', { uid: victim.uid, gid })
    t.equal(refused.code, ErrorCode.NOT_ALLOWED)
    await mustDo(manager, 'GROUP-BL-ADD', { uid: victim.uid, gid })
    t.hasStrict(await member.client.next('GROUP-BL-ADD-NTF'), { uid: victim.uid, gid })
    t.notOk(String(victim.uid) in (await rolesOf(owner, gid)))
    const chat = await chatGroup(victim, gid, 'x')
    t.ok(chat.code === ErrorCode.NOT_A_MEMBER || chat.code === ErrorCode.BLACKLISTED, `refused with ${chat.code}`)
    const join = await victim.client.request('GROUP-JOIN', { uid: victim.uid, gid })
    t.equal(join.code, ErrorCode.BLACKLISTED)
    const lift = await member.client.request('GROUP-BL-DEL', { uid: victim.uid, gid })
    t.equal(lift.code, ErrorCode.NOT_ALLOWED)
    await mustDo(owner, 'GROUP-BL-DEL', { uid: victim.uid, gid })
    t.hasStrict(await member.client.next('GROUP-BL-DEL-NTF'), { uid: victim.uid, gid })
    await joinGroup(victim, gid)
  })

  t.test(`only the owner dismisses, members are told, later use is refused over ${transport}`, async t => {
    const { gid, owner, manager, member } = await castOf(t, transport)
    for (const device of [manager, member]) {
      const ack = await device.client.request('GROUP-DISMISS', { uid: device.uid, gid })
      t.equal(ack.code, ErrorCode.NOT_ALLOWED)
    }
    await mustDo(owner, 'GROUP-DISMISS', { uid: owner.uid, gid })
    for (const device of [manager, member]) t.hasStrict(await device.client.next('GROUP-DISMISS-NTF'), { gid })
    t.equal((await chatGroup(member, gid, 'x')).code, ErrorCode.CLOSED)
    const join = await member.client.request('GROUP-JOIN', { uid: member.uid, gid })
    t.equal(join.code, ErrorCode.CLOSED)
    t.equal((await gateway.api.push('group', { gid }, 'x')).code, ErrorCode.CLOSED)
  })
}
