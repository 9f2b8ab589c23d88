import * as device from '../handlers/device.ts'
import { clientIp, id, listenerType, uint32 } from '../params.ts'
import { type Route, route } from '../route.ts'

/** Devices: registration and addresses (1.x). */
export const deviceRoutes: readonly Route[] = [
  route({
    name: 'register',
    doc: '1.1',
    summary:
      'Registers a device: a new session id for a user. `nation`, `city` and `town` are numbers that the app server ' +
      'chooses to say where the device is; the gateway keeps them with the session and does nothing else with them.',
    method: 'GET',
    path: '/im/register',
    where: {},
    query: { uid: id, nation: uint32, city: uint32, town: uint32 },
    reply: {
      uid: 'integer | user',
      sid: 'integer | session, never used before',
      nation: 'integer | nation, as it was given',
      city: 'integer | city, as it was given',
      town: 'integer | town, as it was given',
    },
    errors: [],
    handle: device.register,
  }),
  route({
    name: 'iplist',
    doc: '1.2',
    summary: 'Where a device may connect, and the token that signs it in.',
    method: 'GET',
    path: '/im/iplist',
    where: {},
    query: { type: listenerType, uid: id, sid: id, clientip: clientIp },
    reply: {
      uid: 'integer | user',
      sid: 'integer | session',
      type: 'integer | 1 TCP, 2 WebSocket',
      len: 'integer | length of iplist',
      iplist: 'array | ip:port, best first',
      token: 'string | for ONLINE',
      expire: 'integer | seconds that the token is valid',
      backoff: 'object | {base, factor, max, jitter}: milliseconds to wait before connecting again',
    },
    errors: ['SID_MISMATCH'],
    handle: device.listAddresses,
  }),
]
