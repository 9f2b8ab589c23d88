import type { Store } from '../../store/store.ts'
import type { Room, RoomChange } from './room.ts'

/** Reads what was configured into the room, in place of what it has. A room without a record has never been configured. */
export function readRoom({ tables }: Store, room: Room): void {
  const { rid } = room
  room.clearLists()
  room.record = tables.rooms.get([rid])
  room.capChanged()
  if (room.record === undefined) return
  for (const [, uid] of tables.roomBlacklist.keys([rid])) room.setBlacklisted(uid, true)
  for (const [, uid] of tables.roomGags.keys([rid])) room.setGagged(uid, true)
}

/** Queues a change that memory has for the disk. `Store.commit` makes it last. */
export function writeRoom({ tables }: Store, { rid, record }: Room, change: RoomChange): void {
  // Any configuration gives the room a record.
  tables.rooms.put([rid], record!)
  if (change.type === 'blacklist') {
    if (change.on) tables.roomBlacklist.put([rid, change.uid], 1)
    else tables.roomBlacklist.remove([rid, change.uid])
  } else if (change.type === 'gag') {
    if (change.on) tables.roomGags.put([rid, change.uid], 1)
    else tables.roomGags.remove([rid, change.uid])
  }
}
