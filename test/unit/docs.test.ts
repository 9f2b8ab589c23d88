import { readFileSync } from 'node:fs'
import t from 'tap'
import { pages } from '#dist/docs/pages.js'
import { routes } from '#dist/http/routes.js'
import { ErrorCode } from '#dist/protocol/error-code.js'

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

t.test('every error code stands once in the table', async t => {
  const codes = Object.values(ErrorCode).map(({ code }) => code)
  t.equal(new Set(codes).size, codes.length)
})
