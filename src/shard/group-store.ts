import type { GroupRecord, Role } from '../store/schema.ts'
import type { Store } from '../store/store.ts'
import { idAt, key } from '../store/table.ts'
import type { Id } from '../util/id.ts'
import type { Group } from './group.ts'

/** Reads what lasts of a group into it, in place of what was there. */
export function readGroup({ tables }: Store, group: Group): void {
  const prefix = key(group.gid)
  group.record = tables.groups.get(prefix)
  group.members.clear()
  group.blacklist.clear()
  group.gags.clear()
  if (group.record === undefined) return
  for (const entry of tables.groupMembers.list(prefix)) group.members.set(idAt(entry.key, 1), entry.value)
  for (const found of tables.groupBlacklist.keys(prefix)) group.blacklist.add(idAt(found, 1))
  for (const found of tables.groupGags.keys(prefix)) group.gags.add(idAt(found, 1))
}

/** The changes of a group: in memory at once, and queued for the disk. `Store.commit` makes them last. */
export function setRecord({ tables }: Store, group: Group, record: GroupRecord): void {
  group.record = record
  tables.groups.put(key(group.gid), record)
}

export function setMember({ tables }: Store, group: Group, uid: Id, role: Role): void {
  group.members.set(uid, role)
  tables.groupMembers.put(key(group.gid, uid), role)
  tables.memberOf.put(key(uid, group.gid), 1)
}

export function removeMember({ tables }: Store, group: Group, uid: Id): void {
  group.members.delete(uid)
  tables.groupMembers.remove(key(group.gid, uid))
  tables.memberOf.remove(key(uid, group.gid))
}

/** Puts a user on the blacklist or the list of gags, or takes him off. */
export function setListed({ tables }: Store, group: Group, list: 'blacklist' | 'gags', uid: Id, on: boolean): void {
  const table = list === 'blacklist' ? tables.groupBlacklist : tables.groupGags
  if (on) {
    group[list].add(uid)
    table.put(key(group.gid, uid), 1)
  } else {
    group[list].delete(uid)
    table.remove(key(group.gid, uid))
  }
}
