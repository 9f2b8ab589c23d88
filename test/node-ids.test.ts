import t from 'tap'
import { ErrorCode } from './support/error-codes.js'
import { startGateway } from './support/gateway.js'
import { freshId, type Id } from './support/ids.js'

const gateway = await startGateway(t)

const config = (action: string, query: Record<string, string | Id> = {}) =>
  gateway.api.get('/im/config', { action, option: 'listend', ...query })

t.test('the nid of a listener of the process itself is taken', async t => {
  const { list } = await config('list')
  t.equal(list?.length, 2, 'its own two')
  for (const { nid } of list!) {
    const { code } = await config('add', { nid: nid!, ipaddr: '192.0.2.1', port: 9 })
    t.equal(code, ErrorCode.REPLACED, `nid ${nid}`)
  }
  t.strictSame((await config('list')).list, list, 'nothing was added')
})

t.test('adding a listener again without its type changes nothing', async t => {
  const node = { nid: freshId(), ipaddr: '192.0.2.2', port: 9 }
  t.hasStrict(await config('add', { ...node, type: 1 }), { code: 0 })
  t.hasStrict(await config('add', node), { code: 0 })
  const { list } = await config('list')
  t.hasStrict(
    list?.find(({ nid }) => nid === node.nid),
    { type: 1 },
    'it is the TCP listener that it was',
  )
})
