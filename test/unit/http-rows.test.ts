import t from 'tap'
import { cap, groupId } from '#dist/http/params.js'
import { count, list, numberedList } from '#dist/http/reply.js'
import { type Route, route } from '#dist/http/route.js'
import { Router, readParameters } from '#dist/http/router.js'
import { routes } from '#dist/http/routes.js'
import type { Gid, Rid } from '#dist/util/id.js'
import { stringify } from '#dist/util/json.js'
import { ajv } from '../support/reply-schema.js'

const gid = groupId('group')
const rid = 5 as unknown as Rid
const row = { name: 'x', doc: '0', summary: '', method: 'GET', path: '/x', where: {}, errors: [] } as const

t.test('a row compiles with a handler that gives what it says, and with no other', async t => {
  const one = { ...row, query: { gid, num: cap('').optional() }, reply: { gid, total: count('').optional() } }
  const many = { ...row, query: {}, reply: numberedList('', { gid }) }
  // The compiler refuses an @ts-expect-error over a line that is right.
  const compiled = [
    route({ ...one, handle: (_, { gid, num = 1 }) => ({ gid, total: num }) }),
    route({ ...one, handle: async (_, { gid }) => (gid > 1 ? { gid } : { gid, total: 5 }) }),
    route({ ...many, handle: () => ({ len: 1, list: [{ idx: 0, gid: (2n ** 63n) as Gid }] }) }),
    // @ts-expect-error: gid is missing
    route({ ...one, handle: () => ({ total: 5 }) }),
    // @ts-expect-error: gid is no text
    route({ ...one, handle: () => ({ gid: '5' }) }),
    // @ts-expect-error: a count is no bigint
    route({ ...one, handle: (_, { gid }) => ({ gid, total: 5n }) }),
    // @ts-expect-error: the row has no name
    route({ ...one, handle: (_, { gid }) => ({ gid, name: 'five' }) }),
    // @ts-expect-error: the row has no name, which one of two answers has
    route({ ...one, handle: (_, { gid }) => (gid > 1 ? { gid } : { gid, name: 'five' }) }),
    // @ts-expect-error: nor has a row with an empty reply
    route({ ...row, query: {}, reply: {}, handle: () => ({ name: 'five' }) }),
    // @ts-expect-error: entries have a gid
    route({ ...many, handle: () => ({ len: 1, list: [{ idx: 0 }] }) }),
    // @ts-expect-error: nobody asks for a uid
    route({ ...one, handle: (_: unknown, { uid }: { uid: number }) => ({ gid: uid }) }),
    // @ts-expect-error: num may be absent
    route({ ...one, handle: (_: unknown, { gid, num }: { gid: number; num: number }) => ({ gid, total: num }) }),
    // @ts-expect-error: a room's id is no group's
    route({ ...one, handle: () => ({ gid: rid }) }),
    // @ts-expect-error: a list is no parameter
    route({ ...row, query: { gids: list('', { gid }) }, reply: {}, handle: () => ({}) }),
  ]
  t.equal(compiled.length, 14)
})

const read = (rows: readonly Route[], query: Record<string, string>) => {
  const given = new Map(Object.entries(query))
  return readParameters(new Router(rows).find('GET', '/x', given), given)
}

t.test('parameters are read by their kinds; one that is absent is not among them', async t => {
  const rows = [route({ ...row, query: { gid, num: cap('').optional() }, reply: {}, handle: () => ({}) })]
  t.strictSame(read(rows, { gid: `${2n ** 64n - 1n}`, other: '5' }), { gid: 2n ** 64n - 1n })
  t.strictSame(read(rows, { gid: '7', num: '9' }), { gid: 7, num: 9 })
  t.throws(() => read(rows, { num: '9' }), { message: 'missing parameter: gid' })
  t.throws(() => read(rows, { gid: '0x7' }), {
    message: 'bad parameter: gid: expected an id of 1..18446744073709551615, got "0x7"',
  })
  t.throws(() => read(rows, { gid: '7', num: '' }), {
    message: 'bad parameter: num: expected an integer of 1..4294967295, got ""',
  })
})

t.test('the schema of every parameter takes what its reader takes', async t => {
  const numbers = ['0', '1', '2', '3', '300', '10000', '10001', '65535', '65536', '100000', '100001', '2592000']
  const large = ['2592001', '4294967295', '4294967296', '9007199254740993', `${2n ** 64n - 1n}`, `${2n ** 65n}`]
  const texts = ['', '-1', '1.5', '1h', '1m', '1y', '300s', '2x', 'app', 'x'.repeat(64), 'x'.repeat(65), 'é'.repeat(32)]
  const addresses = ['192.0.2.1', '192.0.2', '::1', '2001:db8::1', '2001:db8::g']
  let taken = 0
  for (const { name, query } of routes) {
    for (const [parameter, { about, read }] of Object.entries(query)) {
      const validate = ajv.compile(JSON.parse(stringify(about.schema)))
      const isNumber = about.schema.type === 'integer'
      for (const text of [...numbers, ...large, ...texts, ...addresses]) {
        const isTaken = read(text) !== undefined
        const isValid = validate(/^[0-9]+$/.test(text) && about.schema.type !== 'string' ? Number(text) : text)
        // A schema cannot say all that a reader of texts says.
        const isRight = isNumber ? isTaken === isValid : !isTaken || isValid
        if (!isRight) t.fail(`${name} ${parameter}=${text}: read ${isTaken}, valid ${isValid}`)
        if (isTaken) taken++
      }
    }
  }
  t.ok(taken > routes.length, `${taken} values were taken`)
})
