import t from 'tap'
import { signIn } from './support/device.js'
import { startGateway } from './support/gateway.js'
import { chatGroup, createGroup, joinGroup } from './support/group.js'

t.test('rankings of groups are the same after a restart, and go on from there', async t => {
  const before = await startGateway(t)
  const owner = await signIn(t, before, { transport: 'ws-binary' })
  const member = await signIn(t, before, { transport: 'tcp' })
  const [quiet, busy] = [await createGroup(owner), await createGroup(owner)]
  await joinGroup(member, quiet)
  for (let said = 0; said < 5; said += 1) t.equal((await chatGroup(owner, busy, 'x')).code, 0)
  t.equal((await chatGroup(owner, quiet, 'x')).code, 0)
  const ask = async (api: typeof before.api, option: string) => (await api.ok('/im/group/query', { option })).list
  const messages = await ask(before.api, 'mesg-top-list')
  t.strictSame(messages, [
    { idx: 0, gid: busy, total: 5 },
    { idx: 1, gid: quiet, total: 1 },
  ])
  const members = await ask(before.api, 'top-list')
  t.equal((await before.process.stop()).code, 0)

  const after = await startGateway(t, { dataDir: before.dataDir })
  t.strictSame(await ask(after.api, 'mesg-top-list'), messages)
  t.strictSame(await ask(after.api, 'top-list'), members)
  const again = await signIn(t, after, { transport: 'ws-json', uid: owner.uid })
  t.equal((await chatGroup(again, busy, 'x')).code, 0)
  t.equal((await ask(after.api, 'mesg-top-list'))?.[0]?.['total'], 6)
})
