import * as push from '../handlers/push.ts'
import { appid, expire, groupId, messageId, roomId, sessionId, userId, version } from '../params.ts'
import { count } from '../reply.ts'
import { type Route, route } from '../route.ts'

const kept = expire(
  'seconds that the push stays valid: anyone who joins or signs in within them still gets it; 0: only those online now',
)
const optionalKept = kept.optional()
const pushed = { msgid: messageId('number of the message'), total: count('number of sessions it was sent to') }
const gid = groupId('group')
const rid = roomId('room')
const sid = sessionId('session')
const uid = userId('user')
const app = appid('app named in ONLINE')

/** The pushes (2.x). A batch uses these rows too. */
export const pushRoutes: readonly Route[] = [
  route({
    name: 'push.broadcast',
    doc: '2.1',
    summary: 'Pushes the body to every session.',
    method: 'POST',
    path: '/im/push',
    where: { dim: 'broadcast' },
    query: { expire: optionalKept },
    reply: pushed,
    errors: [],
    handle: push.pushAll,
  }),
  route({
    name: 'push.group',
    doc: '2.2',
    summary: 'Pushes the body to the members of a group who are online.',
    method: 'POST',
    path: '/im/push',
    where: { dim: 'group' },
    query: { gid, expire: optionalKept },
    reply: { gid, ...pushed },
    errors: ['NO_SUCH_GROUP', 'CLOSED'],
    handle: push.pushGroup,
  }),
  route({
    name: 'push.room',
    doc: '2.3',
    summary: 'Pushes the body to everybody in a room.',
    method: 'POST',
    path: '/im/push',
    where: { dim: 'room' },
    query: { rid, expire: kept },
    reply: { rid, ...pushed },
    errors: ['CLOSED'],
    handle: push.pushRoom,
  }),
  route({
    name: 'push.sid',
    doc: '2.4',
    summary: 'Pushes the body to one session.',
    method: 'POST',
    path: '/im/push',
    where: { dim: 'sid' },
    query: { sid, expire: optionalKept },
    reply: {
      sid,
      ...pushed,
      msgid: messageId('number of the message; absent when the sid was never registered').optional(),
    },
    errors: [],
    handle: push.pushSession,
  }),
  route({
    name: 'push.uid',
    doc: '2.5',
    summary: 'Pushes the body to all sessions of a user.',
    method: 'POST',
    path: '/im/push',
    where: { dim: 'uid' },
    query: { uid, expire: optionalKept },
    reply: { uid, ...pushed },
    errors: [],
    handle: push.pushUser,
  }),
  route({
    name: 'push.appid',
    doc: '2.6',
    summary: 'Pushes the body to the sessions of one app, or of one version of it. ONLINE names both.',
    method: 'POST',
    path: '/im/push',
    where: { dim: 'appid' },
    query: { appid: app, version: version('version named in ONLINE; absent: all').optional(), expire: optionalKept },
    reply: { appid: app, ...pushed },
    errors: [],
    handle: push.pushApp,
  }),
]
