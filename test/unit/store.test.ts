import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { open } from 'lmdb'
import t from 'tap'
import { IdBlocks } from '#dist/store/id-blocks.js'
import { SCHEMA_VERSION } from '#dist/store/schema.js'
import { Store } from '#dist/store/store.js'
import { idAt, key } from '#dist/store/table.js'
import { pack } from '#dist/util/pack.js'

const folder = mkdtempSync(join(tmpdir(), 'imgate-store-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))

t.test('an empty folder becomes an environment of this version, with a key that stays', async t => {
  const first = await Store.prepare(join(folder, 'a'))
  t.equal(first.setting('schema'), SCHEMA_VERSION)
  const secret = first.tokenKey
  t.equal(secret.length, 32)
  await first.close()
  const second = await Store.prepare(join(folder, 'a'))
  t.ok(second.tokenKey.equals(secret))
  await second.close()
})

t.test('an environment of a newer version is refused and left alone', async t => {
  const path = join(folder, 'newer')
  await (await Store.prepare(path)).close()
  const root = open<Buffer, Buffer>({ path, maxDbs: 64, keyEncoding: 'binary', encoding: 'binary' })
  const meta = root.openDB<Buffer, Buffer>('meta', { keyEncoding: 'binary', encoding: 'binary' })
  await meta.put(Buffer.from('schema'), Buffer.from(pack(SCHEMA_VERSION + 1)))
  await root.close()
  await t.rejects(Store.prepare(path), { message: /newer imgate/ })
})

t.test('lists of one first id stand together, whatever the ids are', async t => {
  const store = await Store.prepare(join(folder, 'keys'))
  const { groupBlacklist } = store.tables
  const gids = [1, 255, 256, 2 ** 32, 2n ** 63n, 2n ** 64n - 2n, 2n ** 64n - 1n]
  for (const gid of gids) for (const uid of [2n ** 64n - 1n, 7, 2 ** 40]) groupBlacklist.put(key(gid, uid), 1)
  await store.commit()
  for (const gid of gids) {
    const found = groupBlacklist.keys(key(gid))
    t.same(
      found.map(at => [idAt(at, 0), idAt(at, 1)]),
      [7, 2 ** 40, 2n ** 64n - 1n].map(uid => [gid, uid]),
    )
    t.equal(groupBlacklist.count(key(gid)), 3)
  }
  groupBlacklist.removeAll(key(255))
  await store.commit()
  t.equal(groupBlacklist.count(key(255)), 0)
  t.equal(groupBlacklist.count(key(256)), 3)
  await store.close()
})

t.test('numbers from blocks are never given twice, also after the end of a store', async t => {
  const path = join(folder, 'blocks')
  const seen = new Set<number>()
  let taken = 0
  for (let round = 0; round < 3; round += 1) {
    const store = await Store.prepare(path)
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
