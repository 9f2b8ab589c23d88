import { forget } from '../beliefs.js'
import { type Check, homeOf, type Scene } from '../scene.js'

/** Join and quit notices in rooms are of users, however many devices they have there. */
export function checkNotices({ violate, world, devices }: Scene): Check {
  return {
    heard(endpoint, { cmd, body }) {
      const what =
        cmd === 'ROOM-JOIN-NTF' ? 'join' : cmd === 'ROOM-QUIT-NTF' || cmd === 'ROOM-KICK-NTF' ? 'quit' : undefined
      if (what === undefined) return
      const key = `${body.rid}/${body.uid}`
      if (endpoint.told.get(key) === 'join' && what === 'join') {
        violate('notices', `${endpoint} heard again that uid ${body.uid} joined room ${body.rid}`)
      }
      endpoint.told.set(key, what)
    },
    /** The next home knows nothing of what was told. */
    peerReplaced(worker, peer) {
      for (const { endpoints } of devices) {
        for (const { connection, told, rooms } of endpoints) {
          if (connection.worker !== worker) continue
          for (const rid of rooms.keys()) if (worker.core.placement.homeOf(rid) === peer) forget(told, rid)
        }
      }
    },
    settled() {
      for (const { online } of devices) {
        if (online === undefined) continue
        for (const [key, what] of online.told) {
          const [rid, uid] = key.split('/').map(Number)
          if (what !== 'quit' || !online.rooms.has(rid!)) continue
          const room = [...homeOf(world, rid!).homes.rooms.loaded].find(found => found.rid === (rid as unknown))
          if (room === undefined || room.sessionsOf(uid as never).length === 0) continue
          violate('notices', `${online} heard that uid ${uid} left room ${rid}, where he still is`)
        }
      }
    },
  }
}
