import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { pages } from '#dist/docs/pages.js'
import { wrapProse } from '#dist/docs/wrap.js'
import { routes } from '#dist/http/routes.js'
import { Disconnect } from '#dist/protocol/disconnect.js'
import { ErrorCode } from '#dist/protocol/error-code.js'
import { faultsOf } from '../support/reply-schema.js'

for (const [name, make] of Object.entries(pages)) {
  t.test(`docs/${name} is what the tables say: npm run docs`, async t => {
    t.equal(readFileSync(`docs/${name}`, 'utf8'), make())
  })
}

t.test('prose wraps at 100 columns; code, tables and headings keep their lines', async t => {
  const words = 'word '.repeat(30).trim()
  const fixed = [`# ${words}`, `| ${words} |`, `\`\`\`\n${words} ${words}\n\`\`\``]
  for (const block of fixed) t.equal(wrapProse(block), block)
  const rest = 'word '.repeat(10).trim()
  t.equal(wrapProse(words), `${'word '.repeat(20).trim()}\n${rest}`, 'a paragraph')
  t.equal(
    wrapProse(`- ${'word '.repeat(15).trim()}\n  ${'word '.repeat(14).trim()}\n- next`),
    `- ${'word '.repeat(19).trim()}\n  ${rest}\n- next`,
    'an entry of a list',
  )
  const code = `\`${words.slice(0, 60)}\``
  t.equal(wrapProse(`${words.slice(0, 49)} ${code}`), `${words.slice(0, 49)}\n${code}`, 'a code span stays whole')
})

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
    const needed = [`curl -H "X-API-Key: $KEY" 'http://127.0.0.1:8080${row.path}`, ...selectors]
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

/** Files that only list codes: the table itself, and what is made into documentation. */
const LISTS = [/^protocol\/error-code\.ts$/, /^docs\//, /^http\/routes\//]

/** The names of the codes that src/ sends. A comparison with a code sends nothing. */
function codesSent(): Set<string> {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter(
    path => path.endsWith('.ts') && !LISTS.some(list => list.test(path)),
  )
  const text = files.map(path => readFileSync(join('src', path), 'utf8').replace(/===? ErrorCode\.\w+/g, '')).join('\n')
  const closing = new Set<number>(Object.values(Disconnect).map(({ errorCode }) => errorCode))
  const isSent = ([name, { code }]: [string, { code: number }]) =>
    closing.has(code) || new RegExp(`\\bErrorCode\\.${name}\\b|'${name}'`).test(text)
  return new Set(
    Object.entries(ErrorCode)
      .filter(isSent)
      .map(([name]) => name),
  )
}

t.test('every error code is sent somewhere, or marked as reserved', async t => {
  const sent = codesSent()
  for (const [name, row] of Object.entries(ErrorCode)) {
    const isReserved = 'reserved' in row
    t.equal(sent.has(name), !isReserved, `${name} is ${isReserved ? 'reserved and not sent' : 'sent'}`)
    const line = readFileSync('docs/errors.md', 'utf8')
      .split('\n')
      .find(text => text.startsWith(`| ${row.code} |`))
    t.equal(line?.endsWith('Reserved; not sent yet. |'), isReserved, `docs/errors.md says so of ${row.code}`)
  }
})
