import * as query from '../handlers/query.ts'
import { id } from '../params.ts'
import { type Route, route } from '../route.ts'

/** Who is online (4.x). */
export const queryRoutes: readonly Route[] = [
  route({
    name: 'query.user-status',
    doc: '4.1',
    summary: 'Whether a user is online, and in which rooms.',
    method: 'GET',
    path: '/im/query',
    where: { option: 'user-status' },
    query: { uid: id },
    reply: {
      uid: 'integer | user',
      status: 'integer | 1 online, 0 not',
      len: 'integer | length of list',
      list: 'array | {idx, rid}: rooms that any session of the user is in',
    },
    errors: [],
    handle: query.userStatus,
  }),
  route({
    name: 'query.sid-list',
    doc: '4.2',
    summary: 'The sessions of a user that are online.',
    method: 'GET',
    path: '/im/query',
    where: { option: 'sid-list' },
    query: { uid: id },
    reply: { uid: 'integer | user', len: 'integer | length of list', list: 'array | {idx, sid}' },
    errors: [],
    handle: query.sidList,
  }),
]
