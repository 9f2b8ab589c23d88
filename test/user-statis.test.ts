import { readFileSync } from 'node:fs'
import t from 'tap'
import { eventually } from './support/deadline.js'
import { signIn } from './support/device.js'
import { ErrorCode } from './support/error-codes.js'
import { killAndRestart, startGateway } from './support/gateway.js'
import { freshId } from './support/ids.js'

const gateway = await startGateway(t)
const PATH = '/im/config'

const statis = (action: string, query: Record<string, string | number> = {}, api = gateway.api) =>
  api.get(PATH, { action, option: 'user-statis', ...query })

t.test('precisions are added, changed, listed and deleted', async t => {
  t.hasStrict(await statis('add', { prec: '300', num: 12 }), { code: 0, errmsg: 'OK' })
  t.hasStrict(await statis('add', { prec: '1h', num: 24 }), { code: 0 })
  t.hasStrict(await statis('add', { prec: '300s', num: 7 }), { code: 0 }, 'the same precision in another writing')
  const { list, len } = await statis('list')
  t.equal(len, 2)
  t.strictSame(
    new Set(list?.map(({ prec, num }) => `${Number.parseInt(String(prec), 10)} ${num}`)),
    new Set(['300 7', '3600 24']),
  )
  t.hasStrict(await statis('del', { prec: '1h' }), { code: 0 })
  t.equal((await statis('list')).len, 1)
})

t.test('every writing of a precision is taken, nonsense is not', async t => {
  for (const prec of ['600', '600s', '2h', '1d', '1w', '1m', '1y']) {
    t.hasStrict(await statis('add', { prec, num: 1 }), { code: 0 }, prec)
  }
  for (const prec of ['', '0', '-300', '1.5', '5x', 's', '1h1h']) {
    t.equal((await statis('add', { prec, num: 1 })).code, ErrorCode.BAD_PARAMETER, prec)
  }
  for (const num of ['0', '100001', '-1', 'many']) {
    t.equal((await statis('add', { prec: '900', num })).code, ErrorCode.BAD_PARAMETER, num)
  }
  t.hasStrict(await statis('add', { prec: '900', num: 100000 }), { code: 0 })
})

t.test('a precision that was never added or was deleted is refused', async t => {
  t.equal((await statis('get', { prec: '7777', num: 1 })).code, ErrorCode.BAD_PARAMETER)
  t.equal((await statis('del', { prec: '7777' })).code, ErrorCode.BAD_PARAMETER)
  await statis('add', { prec: '8888', num: 5 })
  await statis('del', { prec: '8888' })
  t.equal((await statis('get', { prec: '8888', num: 1 })).code, ErrorCode.BAD_PARAMETER)
})

t.test('statistics begin when their precision is added, and docs/http.md says so', async t => {
  const own = await startGateway(t)
  await signIn(t, own, { transport: 'tcp' })
  t.equal((await statis('list', {}, own.api)).len, 0, 'a fresh gateway has none')
  t.equal((await statis('get', { prec: '300', num: 1 }, own.api)).code, ErrorCode.BAD_PARAMETER)
  const page = readFileSync('docs/http.md', 'utf8').replaceAll('\n', ' ')
  const section = page.slice(page.indexOf('## 3.1 user-statis.add'), page.indexOf('## 3.2'))
  t.match(section, /without this call there are no statistics/)
  const register = page.slice(page.indexOf('## 1.1 register'), page.indexOf('## 1.2'))
  t.match(register, /`nation`, `city` and `town` are numbers that the app server chooses/)
})

t.test('buckets count users apart from sessions and survive a crash', async t => {
  const own = await startGateway(t)
  await statis('add', { prec: '1d', num: 10 }, own.api)
  const uid = freshId()
  await signIn(t, own, { transport: 'tcp', uid })
  await signIn(t, own, { transport: 'ws-json', uid })
  await signIn(t, own, { transport: 'ws-binary' })
  const { list } = await eventually(
    () => statis('get', { prec: '1d', num: 10 }, own.api),
    // A sample may fall between the sign-in of the last user and the count of its session.
    reply => reply.list?.[0]?.['num'] === 2 && reply.list[0]['sessions'] === 3,
    'the numbers of users and sessions in the bucket of today',
  )
  const day = Math.floor(Date.now() / 86_400_000) * 86_400
  const bucket = list![0]!
  t.equal(bucket['time'], day, 'a day begins at midnight UTC')
  t.equal(bucket['time-str'], `${new Date(day * 1000).toISOString().slice(0, 10)} 00:00:00`)
  t.equal(bucket['sessions'], 3)
  t.equal(bucket['last'], 2)

  const after = await killAndRestart(t, own)
  await signIn(t, after, { transport: 'tcp' })
  const merged = await eventually(
    () => statis('get', { prec: '1d', num: 10 }, after.api),
    reply => reply.list?.[0]?.['last'] === 1,
    'the sample after the crash',
  )
  t.equal(merged.list?.length, 1, 'one bucket, merged')
  t.equal(merged.list?.[0]?.['num'], 2, 'its maximum from before the crash stays')
})
