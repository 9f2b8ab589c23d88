import * as statis from '../handlers/statis.ts'
import { bucketNum, precision } from '../params.ts'
import { type Route, route } from '../route.ts'

/** The online statistics (3.x). */
export const statisRoutes: readonly Route[] = [
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
    query: { prec: precision, num: bucketNum },
    reply: {},
    errors: [],
    handle: statis.addStatis,
  }),
  route({
    name: 'user-statis.del',
    doc: '3.2',
    summary: 'Deletes a precision and its records.',
    method: 'GET',
    path: '/im/config',
    alsoPost: true,
    where: { action: 'del', option: 'user-statis' },
    query: { prec: precision },
    reply: {},
    errors: [],
    handle: statis.deleteStatis,
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
    reply: { len: 'integer | length of list', list: 'array | {idx, prec: seconds, 1m or 1y, num: most records}' },
    errors: [],
    handle: statis.listStatis,
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
    query: { prec: precision, num: bucketNum },
    reply: {
      prec: 'any | seconds, or 1m, 1y',
      num: 'integer | length of list',
      list: 'array | {idx, time: start in unix seconds, time-str, num: most users, min, last, avg, sessions: most}',
    },
    errors: [],
    handle: statis.getStatis,
  }),
]
