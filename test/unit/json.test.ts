import { parse as parseLossless } from 'lossless-json'
import t from 'tap'
import { parse, parseStrict, stringify } from '#dist/util/json.js'
import { seededRandom } from '../support/seed.js'

const BIG = 18446744073709551615n

t.test('long integers keep their digits wherever they stand, and texts stay texts', async t => {
  for (const [text, value] of [
    ['18446744073709551615', BIG],
    ['-9223372036854775808', -(2n ** 63n)],
    ['[9007199254740991,9007199254740992,9007199254740993]', [9007199254740991, 9007199254740992n, 9007199254740993n]],
    ['{"a":{"b":[18446744073709551615]}}', { a: { b: [BIG] } }],
    ['"18446744073709551615"', '18446744073709551615'],
    ['{"18446744073709551615":1}', { '18446744073709551615': 1 }],
    ['["\\u0000n18446744073709551615",18446744073709551615]', ['\0n18446744073709551615', BIG]],
    ['{"\\u0000":1,"\\u0000n5":2,"x":18446744073709551615}', { '\0': 1, '\0n5': 2, x: BIG }],
    ['["\\"18446744073709551615\\\\",18446744073709551615]', ['"18446744073709551615\\', BIG]],
    ['[0.12345678901234567890,1234567890123456e3,1E-20000000000000000]', [0.12345678901234568, 1234567890123456000, 0]],
    ['{"a":1234567890123456789,"a":18446744073709551615}', { a: BIG }],
  ] as const) {
    t.same(parse(text), value, text)
  }
  const own = parse('{"__proto__":18446744073709551615}') as object
  t.ok(Object.hasOwn(own, '__proto__'))
  t.equal(stringify(own), '{"__proto__":18446744073709551615}')
  t.equal(parse('9'.repeat(1_000_000)), Number.POSITIVE_INFINITY)
  t.equal(parse(`-${'9'.repeat(1_000_000)}`), Number.NEGATIVE_INFINITY)
})

t.test('what is no JSON is refused, also beside long integers', async t => {
  for (const text of [
    '{18446744073709551615:1}',
    '018446744073709551615',
    '18446744073709551615.',
    '-18446744073709551615-',
    '[18446744073709551615',
    '18446744073709551615"a"',
    '"18446744073709551615',
    `"${'\\"'.repeat(30_000)} 18446744073709551615`,
    '"\\18446744073709551615"',
  ]) {
    t.throws(() => parse(text), SyntaxError, text.slice(0, 30))
  }
  t.throws(() => parse(`${'['.repeat(2000)}18446744073709551615${']'.repeat(2000)}`), RangeError)
  t.throws(() => parseStrict(`${'['.repeat(30_000)}${']'.repeat(30_000)}`), SyntaxError)
  t.throws(() => parseStrict('{"a":1e400}'), SyntaxError)
})

t.test('random texts are read as a parser of another hand reads them', async t => {
  const random = seededRandom(t)
  const pieces = ['{', '}', '[', ']', ',', ':', '"a"', '"\\u0000n1"', '"\\\\"', ' ', '1', '-', '.5', 'e3', 'null']
  pieces.push('18446744073709551615', '1234567890123456', '"1234567890123456"', '{"a":', '[[', ']]', '"x\\"')
  const number = (digits: string) => {
    const value = Number(digits)
    if (/^-?\d+$/.test(digits) && digits.length > 40) return Math.sign(value) * Number.POSITIVE_INFINITY
    return /^-?\d+$/.test(digits) && !Number.isSafeInteger(value) ? BigInt(digits) : value
  }
  const outcome = (read: () => unknown) => {
    try {
      return stringify(read())
    } catch {
      return 'refused'
    }
  }
  let read = 0
  for (let round = 0; round < 200_000; round++) {
    const text = `[1234567890123456789,${Array.from({ length: 1 + random.below(8) }, () => random.pick(pieces)).join('')}]`
    const options = { parseNumber: number, onDuplicateKey: ({ newValue }: { newValue: unknown }) => newValue }
    const other = outcome(() => parseLossless(text, null, options))
    if (other !== 'refused') read++
    const own = outcome(() => parse(text))
    if (own !== other) t.fail(`${text}: ${own} instead of ${other}`)
  }
  t.ok(read > 1000, `${read} were JSON`)
})
