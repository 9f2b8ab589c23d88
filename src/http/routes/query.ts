import * as query from '../handlers/query.ts'
import { roomId, sessionId, userId } from '../params.ts'
import { choice, numberedList } from '../reply.ts'
import { type Route, route } from '../route.ts'

const uid = userId('user')

/** Who is online (4.x). */
export const queryRoutes: readonly Route[] = [
  route({
    name: 'query.user-status',
    doc: '4.1',
    summary: 'Tells whether a user is online, and in which rooms.',
    method: 'GET',
    path: '/im/query',
    alsoHead: true,
    where: { option: 'user-status' },
    query: { uid },
    reply: {
      uid,
      status: choice('whether the user has a session online', [1, 'online'], [0, 'offline']),
      ...numberedList('rooms that any session of the user is in', { rid: roomId('room') }),
    },
    errors: [],
    handle: query.userStatus,
  }),
  route({
    name: 'query.sid-list',
    doc: '4.2',
    summary: 'Lists the sessions of a user that are online.',
    method: 'GET',
    path: '/im/query',
    alsoHead: true,
    where: { option: 'sid-list' },
    query: { uid },
    reply: { uid, ...numberedList('sessions that are online', { sid: sessionId('session') }) },
    errors: [],
    handle: query.sidList,
  }),
]
