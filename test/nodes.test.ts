import { createServer } from 'node:net'
import t from 'tap'
import { eventually } from './support/deadline.js'
import { ErrorCode } from './support/error-codes.js'
import { killAndRestart, startGateway } from './support/gateway.js'
import { freshId } from './support/ids.js'

const gateway = await startGateway(t)

const config = (
  action: string,
  option: string,
  query: Record<string, string | number | bigint> = {},
  api = gateway.api,
) => api.get('/im/config', { action, option, ...query })

for (const option of ['listend', 'frwder'] as const) {
  t.test(`${option}: a node is added, listed and removed`, async t => {
    const nid = 2n ** 64n - 1n
    const node = { nid, ipaddr: '192.0.2.7', port: 9001 }
    const before = (await config('list', option)).len!
    t.hasStrict(await config('add', option, node), { code: 0, errmsg: 'OK' })
    t.hasStrict(await config('add', option, node), { code: 0 }, 'adding it again changes nothing')
    const { list, len } = await config('list', option)
    t.equal(len, before + 1)
    t.ok(
      list?.some(entry => entry.nid === nid),
      'it is listed',
    )
    t.hasStrict(await config('del', option, node), { code: 0 })
    t.equal((await config('list', option)).len, before)
    t.equal((await config('del', option, node)).code, ErrorCode.BAD_PARAMETER, 'what is not there')
  })

  t.test(`${option}: a nid that another address has is refused`, async t => {
    const nid = freshId()
    await config('add', option, { nid, ipaddr: '192.0.2.8', port: 9001 })
    for (const other of [
      { ipaddr: '192.0.2.9', port: 9001 },
      { ipaddr: '192.0.2.8', port: 9002 },
    ]) {
      t.equal((await config('add', option, { nid, ...other })).code, ErrorCode.REPLACED)
      t.equal((await config('del', option, { nid, ...other })).code, ErrorCode.BAD_PARAMETER)
    }
  })

  t.test(`${option}: an address or a port that is none is refused`, async t => {
    for (const [ipaddr, port] of [
      ['300.1.1.1', 80],
      ['', 80],
      ['192.0.2.1', 0],
      ['192.0.2.1', 65536],
      ['192.0.2.1', '80x'],
    ] as const) {
      const { code } = await config('add', option, { nid: freshId(), ipaddr, port })
      t.equal(code, ErrorCode.BAD_PARAMETER, `${ipaddr}:${port}`)
    }
  })

  t.test(`${option}: what was added survives a crash`, async t => {
    const first = await startGateway(t)
    const nid = 2n ** 63n
    t.equal((await config('add', option, { nid, ipaddr: '192.0.2.1', port: 7 }, first.api)).code, 0)
    const second = await killAndRestart(t, first)
    const { list } = await config('list', option, {}, second.api)
    t.ok(list?.some(entry => entry.nid === nid))
  })
}

t.test("an added listener's status follows a probe of its address", async t => {
  const server = createServer(socket => socket.destroy())
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const { port } = server.address() as { port: number }
  const nid = freshId()
  await config('add', 'listend', { nid, ipaddr: '127.0.0.1', port })
  const statusOf = async () => {
    const { list } = await config('list', 'listend')
    return list?.find(entry => entry.nid === nid)?.['status']
  }
  await eventually(statusOf, status => status === 1, 'the status of a listener that accepts', 30_000)
  await new Promise(resolve => server.close(resolve))
  await eventually(statusOf, status => status === 0, 'the status of a listener that is gone', 30_000)
  t.pass('the status followed')
})
