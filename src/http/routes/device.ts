import * as device from '../handlers/device.ts'
import { ipAddress, listenerType, sessionId, uint32, userId } from '../params.ts'
import { count, decimal, listOf, object, text } from '../reply.ts'
import { type Route, route } from '../route.ts'

const uid = userId('user')
/** Stored with the sid and never read: any numbering will do. */
const place = {
  nation: uint32('nation, in your own numbering; stored with the sid'),
  city: uint32('city, in your own numbering'),
  town: uint32('town, in your own numbering'),
}

/** Devices: registration and addresses (1.x). */
export const deviceRoutes: readonly Route[] = [
  route({
    name: 'register',
    doc: '1.1',
    summary:
      'Registers a device: gives a user a new session id. `nation`, `city` and `town` are numbers that the app server ' +
      'chooses for the place of the device; the gateway stores them with the sid and does nothing else with them.',
    method: 'GET',
    path: '/im/register',
    where: {},
    query: { uid, ...place },
    reply: { uid, sid: sessionId('new session id, never used before'), ...place },
    errors: [],
    handle: device.register,
  }),
  route({
    name: 'iplist',
    doc: '1.2',
    summary: 'Returns the addresses that a device may connect to and the token to sign in with.',
    method: 'GET',
    path: '/im/iplist',
    where: {},
    query: {
      type: listenerType('how the device connects'),
      uid,
      sid: sessionId('session'),
      clientip: ipAddress('IP address of the device, as your server sees it'),
    },
    reply: {
      uid,
      sid: sessionId('session'),
      type: listenerType('how the device connects'),
      len: count('length of the list'),
      iplist: listOf('addresses as ip:port, best first', text('ip:port')),
      token: text('token for ONLINE'),
      expire: count('seconds until the token expires'),
      backoff: object('how long to wait before a reconnect: base * factor^attempt, at most max', {
        base: count('first wait in milliseconds'),
        factor: decimal('growth with each attempt'),
        max: count('longest wait in milliseconds'),
        jitter: decimal('random share to add to or take from the wait'),
      }),
    },
    errors: ['SID_MISMATCH'],
    handle: device.listAddresses,
  }),
]
