import * as device from '../handlers/device.ts'
import { ipAddress, listenerType, sessionId, uint32, userId } from '../params.ts'
import { count, decimal, listOf, object, text } from '../reply.ts'
import { type Route, route } from '../route.ts'

const uid = userId('user')
/** Kept with the sid, and not looked at: any numbering will do. */
const place = {
  nation: uint32('nation of the user, in a numbering of yours; kept with the sid'),
  city: uint32('city, likewise'),
  town: uint32('town, likewise'),
}

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
    query: { uid, ...place },
    reply: { uid, sid: sessionId('session, never used before'), ...place },
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
    query: {
      type: listenerType('how the device connects'),
      uid,
      sid: sessionId('session'),
      clientip: ipAddress('address of the device, as you see it'),
    },
    reply: {
      uid,
      sid: sessionId('session'),
      type: listenerType('how the device connects'),
      len: count('length of iplist'),
      iplist: listOf('addresses as ip:port, best first', text('ip:port')),
      token: text('for ONLINE'),
      expire: count('seconds that the token is valid'),
      backoff: object('how long to wait before connecting again: base * factor^attempt', {
        base: count('milliseconds'),
        factor: decimal('growth with each attempt'),
        max: count('most milliseconds'),
        jitter: decimal('share by which the wait is random, up or down'),
      }),
    },
    errors: ['SID_MISMATCH'],
    handle: device.listAddresses,
  }),
]
