import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { open } from 'lmdb'
import t from 'tap'
import { IdBlocks } from '#dist/store/id-blocks.js'
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
