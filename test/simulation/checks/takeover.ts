import { Disconnect } from '#dist/protocol/disconnect.js'
import type { Endpoint } from '../endpoint.js'
import { type Check, onlineSessions, type Scene } from '../scene.js'

/** One connection of a sid stays: the one that was accepted last. */
export function checkTakeover({ violate, world, devices }: Scene): Check {
  const newerThan = (endpoint: Endpoint) =>
    endpoint.device.endpoints.find(
      other => other !== endpoint && (other.acceptedAt ?? 0) > (endpoint.acceptedAt ?? 0) && other.asked.size > 0,
    )
  return {
    ended(endpoint, reason) {
      if (reason?.closeCode !== Disconnect.REPLACED.closeCode || newerThan(endpoint) !== undefined) return
      violate('newer wins', `${endpoint} was replaced, and no connection of its sid was accepted later`)
    },
    settled() {
      const seated = onlineSessions(world)
      for (const { uid, sid, online } of devices) {
        const there = seated.filter(({ session }) => session.sid === (sid as unknown))
        if (there.length > 1) violate('newer wins', `uid ${uid} sid ${sid} has ${there.length} live connections`)
        if (online === undefined) violate('signs in', `uid ${uid} sid ${sid} could not get online`)
      }
    },
  }
}
