import { topicKey } from '#dist/contract/topics.js'
import type { Gid, Rid, Uid } from '#dist/util/id.js'
import { type Check, homeOf, onlineSessions, place, type Scene, type Seated } from '../scene.js'

/** Who believes to be in something, and who is known there: the same, once all has settled. */
export function checkMembership({ violate, world, devices }: Scene): Check {
  const users = (seated: readonly Seated[]) => {
    const known = new Map<string, string>()
    for (const { index, homes } of world.live) {
      for (const { uid, sessions } of homes.users.loaded) {
        if (homeOf(world, uid as number).index !== index)
          violate('user online', `uid ${uid} is known at worker ${index}`)
        for (const { sid, cid, worker } of sessions)
          known.set(`${uid}/${sid}/${cid}/${worker}`, `uid ${uid} sid ${sid}`)
      }
    }
    for (const one of seated) {
      const { uid, sid, cid } = one.session
      if (known.delete(`${uid}/${sid}/${cid}/${one.worker.index}`)) continue
      violate('user online', `${place(one)} is online and not known at home`)
    }
    for (const [address, who] of known) violate('user online', `${who} (${address}) is known at home and not online`)
  }

  const groups = (seated: readonly Seated[]) => {
    const members = new Set(
      [...world.live[0]!.core.store.tables.groupMembers.keys([])].map(([gid, uid]) => `${gid}/${uid}`),
    )
    const known = knownOf(
      world.live.flatMap(({ homes }) => [...homes.groups.loaded]),
      group => [group.gid, group.online.values()],
    )
    const gids = new Set([...world.live[0]!.core.store.tables.groups.keys([])].map(([gid]) => gid))
    for (const one of seated) {
      const { uid, sid, cid, groups: held } = one.session
      for (const gid of gids) {
        const isMember = members.has(`${gid}/${uid}`)
        const topic = held?.get(gid)?.topic?.key
        const group = [...homeOf(world, gid as number).homes.groups.loaded].find(found => found.gid === gid)
        const line = group === undefined ? undefined : topicKey(homeOf(world, gid as number).index, group.line.topic)
        const isKnown = known.delete(`${gid}/${sid}/${cid}/${one.worker.index}`)
        if (isMember && !isKnown) violate('group member', `${place(one)}: member of group ${gid}, not known there`)
        if (isMember && (topic === undefined || topic !== line)) {
          violate('group member', `${place(one)}: member of group ${gid}, in topic ${topic} and not ${line}`)
        }
        if (!isMember && (isKnown || topic !== undefined)) {
          violate('group member', `${place(one)}: no member of group ${gid}, known there: ${isKnown}, topic ${topic}`)
        }
      }
    }
    for (const address of known.keys())
      violate('group member', `group/sid/cid/worker ${address} is known and not online`)
  }

  const rooms = (seated: readonly Seated[]) => {
    const loaded = world.live.flatMap(({ homes }) => [...homes.rooms.loaded])
    const known = knownOf(loaded, room => [room.rid, room.members.values()])
    for (const one of seated) {
      const { sid, cid, rooms: held } = one.session
      for (const { id, topic } of held ?? []) {
        const room = loaded.find(({ rid }) => rid === id)
        const line = room?.members.get(sid)?.line
        const isKnown = known.delete(`${id}/${sid}/${cid}/${one.worker.index}`)
        const key = line === undefined ? undefined : topicKey(homeOf(world, id as number).index, line.topic)
        if (!isKnown) violate('room member', `${place(one)}: believes to be in room ${id}, not known there`)
        else if (topic?.key !== key)
          violate('room member', `${place(one)}: in topic ${topic?.key} of room ${id} and not ${key}`)
      }
    }
    for (const address of known.keys()) violate('room member', `room/sid/cid/worker ${address} is known and not there`)
    believed(seated)
  }

  /** What clients were told is what their sessions have. */
  const believed = (seated: readonly Seated[]) => {
    for (const { online } of devices) {
      const one = seated.find(({ session }) => session === online?.connection.session)
      if (online === undefined || one === undefined) continue
      const had = new Set(Array.from(one.session.rooms ?? [], ({ id }) => Number(id)))
      for (const rid of online.rooms.keys()) {
        if (!had.delete(rid)) violate('room member', `${online} was told that it is in room ${rid}, and is not`)
      }
      for (const rid of online.doubted) {
        if (!had.delete(rid))
          violate('busy undoes', `${online} was in room ${rid}, heard that a join is not possible now, and is out`)
      }
      for (const rid of had) violate('room member', `${online} was not told that it is in room ${rid}, and is`)
    }
  }

  return {
    settled() {
      const seated = onlineSessions(world)
      users(seated)
      groups(seated)
      rooms(seated)
    },
  }
}

interface Known {
  readonly uid: Uid
  readonly sid: unknown
  readonly cid: unknown
  readonly worker: number
}

/** What homes know, by `id/sid/cid/worker`. */
function knownOf<T>(all: readonly T[], of: (one: T) => [Gid | Rid, Iterable<Known>]): Map<string, Known> {
  const known = new Map<string, Known>()
  for (const one of all) {
    const [id, sessions] = of(one)
    for (const session of sessions) known.set(`${id}/${session.sid}/${session.cid}/${session.worker}`, session)
  }
  return known
}
