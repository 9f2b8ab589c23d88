import { pageOf } from '../../contract/page.ts'
import type { Rid, UidOrAll } from '../../util/id.ts'
import { granted } from '../api-error.ts'
import type { HttpContext } from '../context.ts'
import * as room from '../handlers/room.ts'
import { cap, pageNum, roomId, topNum, uint32, userId, userIdOrAll } from '../params.ts'
import { count, numberedList, ordinal } from '../reply.ts'
import { type Route, route } from '../route.ts'

const rid = roomId('room')
const uid = userId('user')
const gagged = userIdOrAll('user; 0 or absent: everybody').optional()
const silenced = userIdOrAll('user; 0: everybody')
const num = pageNum('entries of the page; absent: 1000').optional()
const page = { num, after: userIdOrAll('user after whom the page begins').optional() }
const places = cap('places in each sub-group')
const anyRoom = roomId('room; absent: the default for all rooms').optional()

/** Rooms (6.x). */
export const roomRoutes: readonly Route[] = [
  route({
    name: 'room.blacklist.add',
    doc: '6.1',
    summary: 'Puts a user on the blacklist of a room: removes all sessions of the user, and refuses joins.',
    method: 'GET',
    path: '/im/room/config',
    alsoPost: true,
    where: { action: 'add', option: 'blacklist' },
    query: { rid, uid },
    reply: {},
    errors: [],
    handle: room.addRoomBlacklist,
  }),
  route({
    name: 'room.blacklist.del',
    doc: '6.2',
    summary: 'Takes a user off the blacklist of a room.',
    method: 'GET',
    path: '/im/room/config',
    alsoPost: true,
    where: { action: 'del', option: 'blacklist' },
    query: { rid, uid },
    reply: {},
    errors: [],
    handle: room.deleteRoomBlacklist,
  }),
  route({
    name: 'room.gag.add',
    doc: '6.3',
    summary: 'Gags one user in a room, or everybody if uid is 0 or absent.',
    method: 'GET',
    path: '/im/room/config',
    alsoPost: true,
    where: { action: 'add', option: 'gag' },
    query: { rid, uid: gagged },
    reply: {},
    errors: [],
    handle: room.addRoomGag,
  }),
  route({
    name: 'room.gag.del',
    doc: '6.4',
    summary: 'Lifts the gag of one user, or the gag of everybody if uid is 0 or absent. One does not lift the other.',
    method: 'GET',
    path: '/im/room/config',
    alsoPost: true,
    where: { action: 'del', option: 'gag' },
    query: { rid, uid: gagged },
    reply: {},
    errors: [],
    handle: room.deleteRoomGag,
  }),
  route({
    name: 'room.close',
    doc: '6.5',
    summary:
      'Closes a room: tells its members and removes them. Joins, chats and pushes are refused until it is opened again.',
    method: 'GET',
    path: '/im/room/config',
    alsoPost: true,
    where: { action: 'close', option: 'room' },
    query: { rid },
    reply: {},
    errors: [],
    handle: room.closeRoom,
  }),
  route({
    name: 'room.open',
    doc: '6.6',
    summary: 'Opens a closed room again.',
    method: 'GET',
    path: '/im/room/config',
    alsoPost: true,
    where: { action: 'open', option: 'room' },
    query: { rid },
    reply: {},
    errors: [],
    handle: room.openRoom,
  }),
  route({
    name: 'room.cap.set',
    doc: '6.7',
    summary:
      'Sets how many places each sub-group of a room has. Without rid: of all rooms that have no setting of their own.',
    method: 'GET',
    path: '/im/room/config',
    alsoPost: true,
    where: { action: 'set', option: 'cap' },
    query: { rid: anyRoom, cap: places },
    reply: { rid: rid.optional(), cap: places },
    errors: [],
    handle: room.setRoomCap,
  }),
  route({
    name: 'room.cap.get',
    doc: '6.8',
    summary: 'Returns how many places each sub-group of a room has. Without rid: the default.',
    method: 'GET',
    path: '/im/room/config',
    alsoPost: true,
    where: { action: 'get', option: 'cap' },
    query: { rid: anyRoom },
    reply: { rid: rid.optional(), cap: places },
    errors: [],
    handle: room.getRoomCap,
  }),
  route({
    name: 'room.top',
    doc: '6.9',
    summary: 'Lists the rooms with the most sessions.',
    method: 'GET',
    path: '/im/room/query',
    alsoHead: true,
    where: { option: 'top-list' },
    query: { num: topNum('maximum number of entries; 10 if absent').optional() },
    reply: numberedList('rooms, the largest first', { rid, total: count('number of sessions') }),
    errors: [],
    handle: room.topRooms,
  }),
  route({
    name: 'room.blacklist.get',
    doc: '6.2a',
    summary: 'The blacklist of a room.',
    method: 'GET',
    path: '/im/room/config',
    alsoPost: true,
    where: { action: 'get', option: 'blacklist' },
    query: { rid, ...page },
    reply: numberedList('users', { uid: silenced }),
    errors: [],
    handle: (context, query) => listed(context, query, 'blacklist'),
  }),
  route({
    name: 'room.gag.get',
    doc: '6.4a',
    summary: 'Who may not speak in a room; uid 0 is everybody.',
    method: 'GET',
    path: '/im/room/config',
    alsoPost: true,
    where: { action: 'get', option: 'gag' },
    query: { rid, ...page },
    reply: numberedList('users', { uid: silenced }),
    errors: [],
    handle: (context, query) => listed(context, query, 'gags'),
  }),
  route({
    name: 'room.groups',
    doc: '6.10',
    summary: 'Lists the sub-groups of a room.',
    method: 'GET',
    path: '/im/room/query',
    alsoHead: true,
    where: { option: 'group-list' },
    query: { rid, num, after: uint32('sub-group after which the page begins').optional() },
    reply: { rid, ...numberedList('sub-groups', { gid: ordinal('sub-group'), total: count('number of sessions') }) },
    errors: [],
    handle: room.listRoomGroups,
  }),
]

interface Paged {
  readonly rid: Rid
  readonly num?: number | undefined
  readonly after?: UidOrAll | undefined
}

async function listed({ calls, placement }: HttpContext, { rid, num, after }: Paged, list: 'blacklist' | 'gags') {
  const page = pageOf(num, after)
  const uids = granted(await calls.ask(placement.homeOf(rid), 'roomUids', { rid, list, ...page }))
  return { len: uids.length, list: uids.map((uid, idx) => ({ idx, uid })) }
}
