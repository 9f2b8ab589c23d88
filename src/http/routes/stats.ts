import * as stats from '../handlers/stats.ts'
import { bucketNum, precision } from '../params.ts'
import { count, decimal, idx, jsonList, numberedList, text, precision as writtenPrecision } from '../reply.ts'
import { type Route, route } from '../route.ts'

const prec = precision('precision')
const num = bucketNum('maximum number of records')

/** The online statistics (3.x). */
export const statsRoutes: readonly Route[] = [
  route({
    name: 'user-statis.add',
    doc: '3.1',
    summary:
      'Adds a precision to the online statistics, or changes how many of its records are kept. Recording starts with ' +
      'this call; without this call there are no statistics.',
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
    summary: 'Lists the precisions.',
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
      'Returns the newest records of a precision, newest first. Times are UTC. Add the precision first (3.1): there are no ' +
      'records from before that, and an unknown precision is refused.',
    method: 'GET',
    path: '/im/config',
    alsoPost: true,
    where: { action: 'get', option: 'user-statis' },
    query: { prec, num },
    reply: {
      prec: writtenPrecision('seconds, a month or a year'),
      num: count('length of the list'),
      list: jsonList('records, newest first', {
        idx,
        time: count('start, in unix seconds'),
        'time-str': text('start, such as 2026-01-31 09:30:00'),
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
