import { readFileSync } from 'node:fs'
import t from 'tap'
import { pages } from '#dist/docs/pages.js'
import { routes } from '#dist/http/routes.js'
import { ErrorCode } from '#dist/protocol/error-code.js'
import { faultsOf } from '../support/reply-schema.js'

for (const [name, make] of Object.entries(pages)) {
  t.test(`docs/${name} is what the tables say: npm run docs`, async t => {
    t.equal(readFileSync(`docs/${name}`, 'utf8'), make())
  })
}

t.test('every interface has a name and a selection of its own', async t => {
  t.equal(new Set(routes.map(({ name }) => name)).size, routes.length, 'names')
  const selections = routes.map(({ method, path, where }) => `${method} ${path} ${JSON.stringify(where)}`)
  t.equal(new Set(selections).size, routes.length, 'selections')
})

t.test('every example was answered with its whole reply: scripts/http-examples.mjs', async t => {
  const text = readFileSync('docs/http-examples.json', 'utf8')
  const examples = JSON.parse(text) as Record<string, { request: string; status: number; reply: string }>
  const shown = routes.filter(({ name }) => name in examples)
  t.same(
    Object.keys(examples),
    shown.map(({ name }) => name),
    'each is of an interface, in order',
  )
  t.same(
    routes.filter(row => /^[0-9.]+$/.test(row.doc) && !shown.includes(row)),
    [],
    'those of the specification have one',
  )
  for (const row of shown) {
    const { request, status, reply } = examples[row.name]!
    const selectors = Object.entries(row.where).map(([name, value]) => `${name}=${value}`)
    const needed = [`curl 'http://127.0.0.1:8080${row.path}`, ...selectors]
    t.same(
      needed.filter(part => !request.includes(part)),
      [],
      `the request of ${row.name}`,
    )
    t.strictSame(faultsOf(row, reply), [], `the reply of ${row.name}`)
    t.equal(status, 200, row.name)
  }
})

t.test('every error code stands once in the table', async t => {
  const codes = Object.values(ErrorCode).map(({ code }) => code)
  t.equal(new Set(codes).size, codes.length)
})
