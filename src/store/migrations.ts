import type { RootDatabase } from 'lmdb'
import type { Id } from '../util/id.ts'
import { pack, unpack } from '../util/pack.ts'
import { decodeKey, encodeKey } from './key.ts'

/**
 * How an environment of version n becomes one of version n + 1: `migrations[n]`. Each runs in one transaction together
 * with the new version number, before any worker starts. Version 0 is an empty environment.
 */
export const migrations: readonly ((root: RootDatabase<Buffer, Buffer>) => void)[] = [
  // 0 to 1: nothing is there yet.
  () => undefined,
  // 1 to 2
  marksByDevice,
]

const binary = { keyEncoding: 'binary', encoding: 'binary' } as const

/** What devices have had of stored pushes was kept by scope, whose, sid: the msgid. Now it is by uid, sid, scope, whose, with its end. */
function marksByDevice(root: RootDatabase<Buffer, Buffer>): void {
  const open = (name: string) => root.openDB<Buffer, Buffer>(name, binary)
  const endsAt = new Map<string, number>()
  for (const { key, value } of open('retained').getRange()) {
    const [scope, of] = decodeKey<readonly Id[]>(key, false)
    const { expiresAt } = unpack(value) as { readonly expiresAt: number }
    endsAt.set(`${scope}/${of}`, Math.max(expiresAt, endsAt.get(`${scope}/${of}`) ?? 0))
  }
  const [seen, sessions, marks] = [open('retainedSeen'), open('sessions'), open('storedMarks')]
  for (const { key, value } of Array.from(seen.getRange(), ({ key, value }) => ({ key: Buffer.from(key), value }))) {
    const [scope, of, sid] = decodeKey<readonly [Id, Id, Id]>(key, false)
    const session = sessions.get(encodeKey([sid]))
    // Of pushes to everybody the key said whose it was.
    const until = endsAt.get(scope === 0 ? '0/0' : `${scope}/${of}`)
    if (until !== undefined && session !== undefined) {
      const { uid } = unpack(session) as { readonly uid: Id }
      marks.put(encodeKey([uid, sid, scope, scope === 0 ? 0 : of]), Buffer.from(pack([unpack(value), until])))
    }
    seen.remove(key)
  }
}
