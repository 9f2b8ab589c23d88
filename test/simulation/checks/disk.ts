import { isDeepStrictEqual } from 'node:util'
import { Group } from '#dist/shard/group/group.js'
import { readGroup } from '#dist/shard/group/table.js'
import { Room } from '#dist/shard/room/room.js'
import { readRoom } from '#dist/shard/room/table.js'
import { UIDS } from '../plan.js'
import type { Check, Scene } from '../scene.js'

/** What lasts is in memory as it is on the disk, whatever the disk refused. */
export function checkDisk({ violate, world }: Scene): Check {
  const differs = (what: string, memory: unknown, disk: unknown) => {
    if (isDeepStrictEqual(memory, disk)) return
    violate('memory is disk', `${what}: memory has ${JSON.stringify(memory)}, the disk ${JSON.stringify(disk)}`)
  }
  return {
    settled() {
      for (const { homes, core } of world.live) {
        for (const group of homes.groups.loaded) {
          const stored = new Group(group.gid, 1)
          readGroup(core.store, stored)
          differs(`group ${group.gid}`, lasting(group), lasting(stored))
        }
        for (const room of homes.rooms.loaded) {
          const stored = new Room(room.rid, 1, () => 0)
          readRoom(core.store, stored)
          differs(`room ${room.rid}`, configured(room), configured(stored))
        }
        for (const { uid, blocks, mutes } of homes.users.loaded) {
          const { userBlocks, userMutes } = core.store.tables
          const others = (keys: readonly (readonly [unknown, unknown])[]) => keys.map(([, other]) => other).sort()
          if (blocks !== undefined) differs(`blocks of ${uid}`, [...blocks].sort(), others(userBlocks.keys([uid])))
          if (mutes !== undefined) differs(`mutes of ${uid}`, [...mutes].sort(), others(userMutes.keys([uid])))
        }
      }
    },
  }
}

function lasting({ record, members, blacklist, gags }: Group) {
  return { record, members: [...members].sort(), blacklist: [...blacklist].sort(), gags: [...gags].sort() }
}

function configured(room: Room) {
  const kept = UIDS.map(uid => [room.mayNotEnter(uid), room.mayNotSpeak(uid)])
  return { record: room.record, kept }
}
