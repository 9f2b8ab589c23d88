import t from 'tap'
import { ErrorCode } from './support/error-codes.js'
import { startGateway } from './support/gateway.js'
import { type HttpInterface, httpInterface, testRefusals } from './support/http-interface.js'

const gateway = await startGateway(t)

const INTERFACES: HttpInterface[] = []

const CONFIG = '/im/config'
INTERFACES.push(
  httpInterface(
    '3.1 add',
    CONFIG,
    { action: 'add', option: 'user-statis', prec: '300', num: '5' },
    'action option prec num',
  ),
)
INTERFACES.push(
  httpInterface('3.2 del', CONFIG, { action: 'del', option: 'user-statis', prec: '600' }, 'action option prec'),
)
INTERFACES.push(httpInterface('3.3 list', CONFIG, { action: 'list', option: 'user-statis' }, 'action option'))
INTERFACES.push(
  httpInterface(
    '3.4 get',
    CONFIG,
    { action: 'get', option: 'user-statis', prec: '300', num: '5' },
    'action option prec num',
  ),
)
const GROUP = '/im/group/config'
for (const action of ['add', 'del']) {
  INTERFACES.push(
    httpInterface(
      `5 ${action} blacklist`,
      GROUP,
      { action, option: 'blacklist', gid: '1', uid: '1' },
      'action option gid uid',
    ),
  )
  INTERFACES.push(
    httpInterface(`5 ${action} gag`, GROUP, { action, option: 'gag', gid: '1', uid: '1' }, 'action option gid'),
  )
  INTERFACES.push(
    httpInterface(
      `5 ${action} member`,
      GROUP,
      { action, option: 'member', gid: '1', uid: '1' },
      'action option gid uid',
    ),
  )
}
for (const option of ['blacklist', 'gag', 'member', 'cap']) {
  INTERFACES.push(httpInterface(`5 get ${option}`, GROUP, { action: 'get', option, gid: '1' }, 'action option gid'))
}
INTERFACES.push(httpInterface('5.7 close', GROUP, { action: 'close', option: 'group', gid: '1' }, 'action option gid'))
INTERFACES.push(httpInterface('5 open', GROUP, { action: 'open', option: 'group', gid: '1' }, 'action option gid'))
INTERFACES.push(
  httpInterface('5.8 set cap', GROUP, { action: 'set', option: 'cap', gid: '1', cap: '5' }, 'action option gid cap'),
)
INTERFACES.push(httpInterface('5.10 top-list', '/im/group/query', { option: 'top-list' }, 'option'))
INTERFACES.push(httpInterface('5.11 mesg-top-list', '/im/group/query', { option: 'mesg-top-list' }, 'option'))
const ROOM = '/im/room/config'
for (const action of ['add', 'del']) {
  INTERFACES.push(
    httpInterface(
      `6 ${action} blacklist`,
      ROOM,
      { action, option: 'blacklist', rid: '1', uid: '1' },
      'action option rid uid',
    ),
  )
  INTERFACES.push(
    httpInterface(`6 ${action} gag`, ROOM, { action, option: 'gag', rid: '1', uid: '1' }, 'action option rid'),
  )
}
INTERFACES.push(httpInterface('6.5 close', ROOM, { action: 'close', option: 'room', rid: '1' }, 'action option rid'))
INTERFACES.push(httpInterface('6.6 open', ROOM, { action: 'open', option: 'room', rid: '1' }, 'action option rid'))
INTERFACES.push(
  httpInterface('6.7 set cap', ROOM, { action: 'set', option: 'cap', rid: '1', cap: '5' }, 'action option cap'),
)
INTERFACES.push(httpInterface('6.8 get cap', ROOM, { action: 'get', option: 'cap', rid: '1' }, 'action option'))
INTERFACES.push(httpInterface('6.9 top-list', '/im/room/query', { option: 'top-list' }, 'option'))
INTERFACES.push(httpInterface('6.10 group-list', '/im/room/query', { option: 'group-list', rid: '1' }, 'option rid'))
for (const option of ['listend', 'frwder']) {
  INTERFACES.push(httpInterface(`7 list ${option}`, CONFIG, { action: 'list', option }, 'action option'))
  const node = { option, nid: '9', ipaddr: '127.0.0.1', port: '9' }
  INTERFACES.push(httpInterface(`7 add ${option}`, CONFIG, { action: 'add', ...node }, 'action option nid ipaddr port'))
  INTERFACES.push(httpInterface(`7 del ${option}`, CONFIG, { action: 'del', ...node }, 'action option nid ipaddr port'))
}

testRefusals(t, gateway, INTERFACES)

t.test('num must be a number above 0 in rankings', async t => {
  for (const path of ['/im/room/query', '/im/group/query']) {
    for (const num of ['0', '-1', 'ten', '1.5']) {
      const { body } = await gateway.api.call(path, { query: { option: 'top-list', num } })
      t.equal(body.code, ErrorCode.BAD_PARAMETER, num)
    }
  }
})
