import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import t from 'tap'

/** What each folder of src may import from: imports point one way. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  util: [],
  protocol: ['util'],
  bus: ['util'],
  config: ['util'],
  contract: ['util', 'protocol', 'bus'],
  store: ['util', 'contract'],
  stats: ['util', 'store'],
  jobs: ['store', 'stats'],
  ops: ['util', 'config', 'contract'],
  admission: ['util', 'config', 'contract'],
  transport: ['util', 'protocol', 'contract', 'admission'],
  fanout: ['util', 'protocol'],
  session: ['util', 'protocol', 'bus', 'contract', 'config', 'admission', 'transport', 'fanout'],
  shard: ['util', 'protocol', 'bus', 'contract', 'config', 'store', 'stats', 'jobs'],
  http: ['util', 'protocol', 'contract', 'config', 'stats', 'transport', 'admission', 'session', 'ops'],
}

t.test('imports point one way', async t => {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.ts'))
  t.ok(files.length > 50, 'the sources were found')
  for (const file of files) {
    const [folder] = file.split('/')
    const allowed = MAY_IMPORT[folder!]
    if (allowed === undefined) continue
    for (const [, target] of readFileSync(join('src', file), 'utf8').matchAll(/from '(\.[^']+)'/g)) {
      const [other] = normalize(join(dirname(file), target!)).split('/')
      if (other === folder || allowed.includes(other!)) continue
      t.fail(`src/${file} imports from ${other}/`)
    }
  }
})
