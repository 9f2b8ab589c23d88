import * as stats from '../handlers/stats.ts'
import { bucketNum, precision } from '../params.ts'
import { count, decimal, idx, jsonList, numberedList, text, precision as writtenPrecision } from '../reply.ts'
import { type Route, route } from '../route.ts'

const prec = precision('precision')
const num = bucketNum('most records')

/** The online statistics (3.x). */
export const statsRoutes: readonly Route[] = [
  route({
    name: 'user-statis.add',
    doc: '3.1',
    summary:
      'Adds a precision of the online statistics, or changes how many records of it are kept. The records of a ' +
      'precision begin when it is added: without this call there are no statistics.',
    method: 'GET',
    path: '/im/config',
    alsoPost: true,
    where: { action: 'add', option: 'user-statis' },
    query: { prec, num },
    reply: {},
    errors: [],
    handle: stats.addStats,
  }),
  route({
    name: 'user-statis.del',
    doc: '3.2',
    summary: 'Deletes a precision and its records.',
    method: 'GET',
    path: '/im/config',
    alsoPost: true,
    where: { action: 'del', option: 'user-statis' },
    query: { prec },
    reply: {},
    errors: [],
    handle: stats.deleteStats,
  }),
  route({
    name: 'user-statis.list',
    doc: '3.3',
    summary: 'The precisions.',
    method: 'GET',
    path: '/im/config',
    alsoPost: true,
    where: { action: 'list', option: 'user-statis' },
    query: {},
    reply: numberedList('precisions', { prec: writtenPrecision('seconds, a month or a year'), num }),
    errors: [],
    handle: stats.listStats,
  }),
  route({
    name: 'user-statis.get',
    doc: '3.4',
    summary:
      'The newest records of a precision, newest first. Times are UTC. A precision that was not added (3.1) is refused; ' +
      'there are no records from before that.',
    method: 'GET',
    path: '/im/config',
    alsoPost: true,
    where: { action: 'get', option: 'user-statis' },
    query: { prec, num },
    reply: {
      prec: writtenPrecision('seconds, a month or a year'),
      num: count('length of list'),
      list: jsonList('records, newest first', {
        idx,
        time: count('start, in unix seconds'),
        'time-str': text('start, as 2026-01-31 09:30:00'),
        num: count('most users online'),
        min: count('fewest users online'),
        last: count('users online in the last sample'),
        avg: decimal('users online on average'),
        sessions: count('most sessions online'),
      }),
    },
    errors: [],
    handle: stats.getStats,
  }),
]
