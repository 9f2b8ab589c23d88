import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { open } from 'lmdb'
import t from 'tap'
import { IdBlocks } from '#dist/store/id-blocks.js'
import { encodeKey } from '#dist/store/key.js'
import { LmdbStore } from '#dist/store/lmdb-store.js'
import { SCHEMA_VERSION } from '#dist/store/schema.js'
import { pack } from '#dist/util/pack.js'

const folder = mkdtempSync(join(tmpdir(), 'imgate-store-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))

t.test('an empty folder becomes an environment of this version, with a key that stays', async t => {
  const first = await LmdbStore.prepare(join(folder, 'a'))
  t.equal(first.setting('schema'), SCHEMA_VERSION)
  const secret = first.tokenKey
  t.equal(secret.length, 32)
  await first.close()
  const second = await LmdbStore.prepare(join(folder, 'a'))
  t.ok(second.tokenKey.equals(secret))
  await second.close()
})

t.test('an environment of a newer version is refused and left alone', async t => {
  const path = join(folder, 'newer')
  await (await LmdbStore.prepare(path)).close()
  const root = open<Buffer, Buffer>({ path, maxDbs: 64, keyEncoding: 'binary', encoding: 'binary' })
  const meta = root.openDB<Buffer, Buffer>('meta', { keyEncoding: 'binary', encoding: 'binary' })
  await meta.put(Buffer.from('schema'), Buffer.from(pack(SCHEMA_VERSION + 1)))
  await root.close()
  await t.rejects(LmdbStore.prepare(path), { message: /newer imgate/ })
})

t.test('what devices have had of stored pushes is taken over from version 1', async t => {
  const path = join(folder, 'one')
  const binary = { keyEncoding: 'binary', encoding: 'binary' } as const
  const root = open<Buffer, Buffer>({ path, maxDbs: 64, ...binary })
  const put = (table: string, key: Buffer, value: unknown) =>
    root.openDB<Buffer, Buffer>(table, binary).put(key, Buffer.from(pack(value)))
  const [uid, sid, rid] = [7, 8, 9]
  await put('meta', Buffer.from('schema'), 1)
  await put('sessions', encodeKey([sid]), { uid, nation: 0, city: 0, town: 0, at: 0 })
  const push = { dataKind: 0, frame: Buffer.alloc(1) }
  await put('retained', encodeKey([3, rid, 100]), { ...push, expiresAt: 5000 })
  await put('retained', encodeKey([3, rid, 101]), { ...push, expiresAt: 4000 })
  await put('retained', encodeKey([0, 0, 102]), { ...push, expiresAt: 6000 })
  await put('retainedSeen', encodeKey([3, rid, sid]), 101)
  await put('retainedSeen', encodeKey([0, uid, sid]), 102)
  await put('retainedSeen', encodeKey([3, 10, sid]), 99)
  await root.close()
  const store = await LmdbStore.prepare(path)
  t.strictSame(store.tables.storedMarks.list([]), [
    { key: [uid, sid, 0, 0], value: [102, 6000] },
    { key: [uid, sid, 3, rid], value: [101, 5000] },
  ])
  t.equal(store.tables.storedPushes.keys([]).length, 3)
  await store.close()
})

t.test('numbers from blocks are never given twice, also after the end of a store', async t => {
  const path = join(folder, 'blocks')
  const seen = new Set<number>()
  let taken = 0
  for (let round = 0; round < 3; round += 1) {
    const store = await LmdbStore.prepare(path)
    const blocks = Array.from({ length: 2 }, () => new IdBlocks(store, 'n', 10, 1, error => t.fail(String(error))))
    await Promise.all(blocks.map(block => block.start()))
    for (let step = 0; step < 100; step += 1) {
      for (const block of blocks) {
        const number = block.next()
        if (number === undefined) continue
        seen.add(number)
        taken += 1
      }
      if (step % 4 === 0) await store.commit()
    }
    await store.commit()
    await store.close()
  }
  t.equal(seen.size, taken)
  t.ok(taken > 100, `${taken} were taken`)
})
