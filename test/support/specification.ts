/* The 41 interfaces, written out from their specification and not taken from the product. */

export const BIGGEST = 2n ** 64n - 1n
/** Also beyond 2^63, and taken by nobody who signs in. */
export const STRANGER = 2n ** 64n - 2n

export type FieldType = 'integer' | 'string' | 'array'
export type Fields = Readonly<Record<string, FieldType>>

export interface Interface {
  /** Its number in the specification. */
  readonly doc: string
  readonly method: 'GET' | 'POST'
  readonly path: string
  /** The parameters of a good call. */
  readonly query: Readonly<Record<string, string>>
  /** Which of them are numbers, and whether 0 is one that is taken. */
  readonly numbers: Readonly<Record<string, 'zero' | 'positive'>>
  /** Numbers that may be left out. */
  readonly optional: readonly string[]
  /** The fields of the reply besides the envelope. */
  readonly reply: Fields
  /** The fields of an entry of `list`, which then counts `idx` from 0. */
  readonly entry?: Fields
}

type Details = Partial<Pick<Interface, 'numbers' | 'optional' | 'reply' | 'entry'>>

const LIST: Fields = { len: 'integer', list: 'array' }
const POSITIVE = 'positive'
const ZERO = 'zero'
const [gid, rid, uid, nid] = [`${BIGGEST}`, `${BIGGEST}`, `${BIGGEST}`, `${BIGGEST}`]
const stranger = `${STRANGER}`

function row(doc: string, method: 'GET' | 'POST', path: string, query: object, details: Details = {}): Interface {
  return { doc, method, path, query: { ...query }, numbers: {}, optional: [], reply: {}, ...details }
}

const get = (doc: string, path: string, query: object, details?: Details) => row(doc, 'GET', path, query, details)
const push = (doc: string, query: object, details?: Details) => row(doc, 'POST', '/im/push', query, details)

function config(doc: string, action: string, option: string, query: object, details?: Details): Interface {
  return get(doc, '/im/config', { action, option, ...query }, details)
}
function group(doc: string, action: string, option: string, query: object, details: Details = {}): Interface {
  const numbers = { gid: POSITIVE, ...details.numbers } as const
  return get(doc, '/im/group/config', { action, option, ...query }, { ...details, numbers })
}
function room(doc: string, action: string, option: string, query: object, details: Details = {}): Interface {
  const numbers = { rid: POSITIVE, ...details.numbers } as const
  return get(doc, '/im/room/config', { action, option, ...query }, { ...details, numbers })
}

const ofUser = { numbers: { uid: POSITIVE } } as const
const gagged = { numbers: { uid: ZERO }, optional: ['uid'] } as const
const uids = { reply: LIST, entry: { idx: 'integer', uid: 'integer' } } as const
const top = (id: 'gid' | 'rid'): Details => ({
  numbers: { num: POSITIVE },
  optional: ['num'],
  reply: LIST,
  entry: { idx: 'integer', [id]: 'integer', total: 'integer' },
})
const node = { nid, ipaddr: '192.0.2.41', port: '9001' }
const ofNode = { numbers: { nid: POSITIVE, port: POSITIVE } } as const

/**
 * @param sid one that user `BIGGEST` has registered
 * The calls succeed one after another where user `BIGGEST` is online, owns group `BIGGEST` and group `STRANGER`, has said
 * something in the first, and is in room `BIGGEST`; node `STRANGER` is listener and forwarder.
 */
export function specification(sid: string): readonly Interface[] {
  return [
    get(
      '1.1',
      '/im/register',
      { uid, nation: '86', city: '10', town: '3' },
      {
        numbers: { uid: POSITIVE, nation: ZERO, city: ZERO, town: ZERO },
        reply: { uid: 'integer', sid: 'integer', nation: 'integer', city: 'integer', town: 'integer' },
      },
    ),
    get(
      '1.2',
      '/im/iplist',
      { type: '1', uid, sid, clientip: '127.0.0.1' },
      {
        numbers: { type: POSITIVE, uid: POSITIVE, sid: POSITIVE },
        reply: {
          uid: 'integer',
          sid: 'integer',
          type: 'integer',
          len: 'integer',
          iplist: 'array',
          token: 'string',
          expire: 'integer',
        },
      },
    ),
    push('2.1', { dim: 'broadcast', expire: '0' }, { numbers: { expire: ZERO }, optional: ['expire'] }),
    push('2.2', { dim: 'group', gid }, { numbers: { gid: POSITIVE }, reply: { gid: 'integer' } }),
    push(
      '2.3',
      { dim: 'room', rid, expire: '0' },
      { numbers: { rid: POSITIVE, expire: ZERO }, reply: { rid: 'integer' } },
    ),
    push('2.4', { dim: 'sid', sid }, { numbers: { sid: POSITIVE } }),
    push('2.5', { dim: 'uid', uid }, { numbers: { uid: POSITIVE } }),
    push('2.6', { dim: 'appid', appid: 'chat', version: '1.0' }),

    config('3.1', 'add', 'user-statis', { prec: '300', num: '12' }, { numbers: { prec: POSITIVE, num: POSITIVE } }),
    config('3.2', 'del', 'user-statis', { prec: '600' }, { numbers: { prec: POSITIVE } }),
    config(
      '3.3',
      'list',
      'user-statis',
      {},
      { reply: LIST, entry: { idx: 'integer', prec: 'integer', num: 'integer' } },
    ),
    config(
      '3.4',
      'get',
      'user-statis',
      { prec: '300', num: '12' },
      {
        numbers: { prec: POSITIVE, num: POSITIVE },
        reply: { prec: 'integer', num: 'integer', list: 'array' },
        entry: { idx: 'integer', time: 'integer', 'time-str': 'string', num: 'integer' },
      },
    ),

    get(
      '4.1',
      '/im/query',
      { option: 'user-status', uid },
      {
        numbers: { uid: POSITIVE },
        reply: { uid: 'integer', status: 'integer', ...LIST },
        entry: { idx: 'integer', rid: 'integer' },
      },
    ),
    get(
      '4.2',
      '/im/query',
      { option: 'sid-list', uid },
      {
        numbers: { uid: POSITIVE },
        reply: { uid: 'integer', ...LIST },
        entry: { idx: 'integer', sid: 'integer' },
      },
    ),

    group('5.1', 'add', 'blacklist', { gid, uid: stranger }, ofUser),
    group('5.2', 'del', 'blacklist', { gid, uid: '7' }, ofUser),
    group('5.3', 'get', 'blacklist', { gid }, uids),
    group('5.4', 'add', 'gag', { gid, uid: stranger }, gagged),
    group('5.5', 'del', 'gag', { gid, uid: '7' }, gagged),
    group('5.6', 'get', 'gag', { gid }, uids),
    group('5.7', 'close', 'group', { gid: stranger }),
    group(
      '5.8',
      'set',
      'cap',
      { gid, cap: '500' },
      {
        numbers: { cap: POSITIVE },
        reply: { gid: 'integer', cap: 'integer' },
      },
    ),
    group('5.9', 'get', 'cap', { gid }, { reply: { gid: 'integer', cap: 'integer' } }),
    get('5.10', '/im/group/query', { option: 'top-list', num: '3' }, top('gid')),
    get('5.11', '/im/group/query', { option: 'mesg-top-list', num: '3' }, top('gid')),

    room('6.1', 'add', 'blacklist', { rid, uid: stranger }, ofUser),
    room('6.2', 'del', 'blacklist', { rid, uid: '7' }, ofUser),
    room('6.3', 'add', 'gag', { rid, uid: stranger }, gagged),
    room('6.4', 'del', 'gag', { rid, uid: '7' }, gagged),
    room('6.5', 'close', 'room', { rid: stranger }),
    room('6.6', 'open', 'room', { rid: stranger }),
    room(
      '6.7',
      'set',
      'cap',
      { rid, cap: '500' },
      {
        numbers: { cap: POSITIVE },
        optional: ['rid'],
        reply: { rid: 'integer', cap: 'integer' },
      },
    ),
    room('6.8', 'get', 'cap', { rid }, { optional: ['rid'], reply: { rid: 'integer', cap: 'integer' } }),
    get('6.9', '/im/room/query', { option: 'top-list', num: '3' }, top('rid')),
    get(
      '6.10',
      '/im/room/query',
      { option: 'group-list', rid },
      {
        numbers: { rid: POSITIVE },
        reply: { rid: 'integer', ...LIST },
        entry: { idx: 'integer', gid: 'integer', total: 'integer' },
      },
    ),

    config(
      '7.1',
      'list',
      'listend',
      {},
      {
        reply: LIST,
        entry: {
          idx: 'integer',
          nid: 'integer',
          type: 'integer',
          ipaddr: 'string',
          status: 'integer',
          total: 'integer',
        },
      },
    ),
    config('7.2', 'add', 'listend', node, ofNode),
    config('7.3', 'del', 'listend', node, ofNode),
    config(
      '7.4',
      'list',
      'frwder',
      {},
      {
        reply: LIST,
        entry: { idx: 'integer', nid: 'integer', ipaddr: 'string', port: 'integer', status: 'integer' },
      },
    ),
    config('7.5', 'add', 'frwder', node, ofNode),
    config('7.6', 'del', 'frwder', node, ofNode),
  ]
}
