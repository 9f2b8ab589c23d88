import type { Store } from '../../store/store.ts'
import type { Group, GroupChange } from './group.ts'

/** Reads what lasts of a group into it, in place of what was there. */
export function readGroup({ tables }: Store, group: Group): void {
  const { gid } = group
  group.record = tables.groups.get([gid])
  group.members.clear()
  group.blacklist.clear()
  group.gags.clear()
  if (group.record === undefined) return
  for (const { key, value } of tables.groupMembers.list([gid])) group.members.set(key[1], value)
  for (const [, uid] of tables.groupBlacklist.keys([gid])) group.blacklist.add(uid)
  for (const [, uid] of tables.groupGags.keys([gid])) group.gags.add(uid)
}

/** Queues a change that memory has for the disk. `Store.commit` makes it last. */
export function writeGroup({ tables }: Store, { gid, record }: Group, change: GroupChange): void {
  switch (change.type) {
    case 'joined':
      tables.memberOf.put([change.uid, gid], 1)
      tables.groupMembers.put([gid, change.uid], change.role)
      return
    case 'role':
      tables.groupMembers.put([gid, change.uid], change.role)
      return
    case 'left':
      tables.groupMembers.remove([gid, change.uid])
      tables.memberOf.remove([change.uid, gid])
      return
    case 'blacklist':
      if (change.on) tables.groupBlacklist.put([gid, change.uid], 1)
      else tables.groupBlacklist.remove([gid, change.uid])
      return
    case 'gag':
      if (change.on) tables.groupGags.put([gid, change.uid], 1)
      else tables.groupGags.remove([gid, change.uid])
      return
    case 'created':
    case 'dismissed':
    case 'opened':
    case 'cap':
      tables.groups.put([gid], record!)
  }
}
