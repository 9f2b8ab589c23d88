import t from 'tap'
import { ApiError } from '#dist/http/api-error.js'
import { PUSHES_MAX, type Push, readBatch } from '#dist/http/handlers/batch-body.js'
import { ErrorCode } from '../support/error-codes.js'

const MANY = 8 << 20
const PUSH_BYTES_MAX = 65_536

/** Reads a batch to its end. @returns what was read, and in how many steps */
function read(json: string): { pushes: readonly (Push | Error)[]; steps: number } {
  const steps = readBatch(Buffer.from(json), PUSH_BYTES_MAX)
  for (let count = 1; ; count++) {
    const step = steps.next()
    if (step.done === true) return { pushes: step.value, steps: count }
  }
}

const good = '{"dim":"uid","uid":18446744073709551615,"data":"x"}'

t.test('what a hostile push costs is its length, in steps, and it is refused alone', async t => {
  for (const [what, push, code] of [
    ['a number of millions of digits', `{"dim":"uid","uid":${'7'.repeat(MANY)}}`, ErrorCode.TOO_LONG],
    ['brackets', `{"data":${'['.repeat(MANY / 2)}${']'.repeat(MANY / 2)}}`, ErrorCode.TOO_LONG],
    ['objects', `{"data":${'{"":'.repeat(MANY / 5)}1${'}'.repeat(MANY / 5)}}`, ErrorCode.TOO_LONG],
    ['a text', `{"data":"${'x'.repeat(MANY)}"}`, ErrorCode.TOO_LONG],
    ['escapes', `{"data":"${'\\\\'.repeat(MANY / 2)}"}`, ErrorCode.TOO_LONG],
    ['a text alone', `"${'x'.repeat(MANY)}"`, ErrorCode.TOO_LONG],
    ['a number alone', '7'.repeat(MANY), ErrorCode.TOO_LONG],
    ['fields', `{${'"a":1,'.repeat(MANY / 6)}"dim":"uid"}`, ErrorCode.TOO_LONG],
    ['space', `${' '.repeat(MANY)}{}`, ErrorCode.MISSING_PARAMETER],
  ] as const) {
    const { pushes, steps } = read(`[${good},${push},${good}]`)
    t.equal(pushes.length, 3, what)
    t.equal((pushes[1] as ApiError).code, code, what)
    for (const index of [0, 2]) t.equal((pushes[index] as Push).parameters.get('uid'), '18446744073709551615')
    t.ok(steps > MANY / 2 / 65_536, `${what}: ${steps} steps`)
  }
})

t.test('no long number is converted, wherever it stands', async t => {
  const digits = '7'.repeat(300_000)
  for (const name of ['uid', 'expire', 'appid', 'other']) {
    const { pushes } = read(`[{"dim":"uid","${name}":${digits},"data":1}]`)
    const { code, message } = pushes[0] as ApiError
    t.equal(code, ErrorCode.BAD_PARAMETER)
    t.match(message, new RegExp(`^bad parameter: ${name}: expected .* number of up to 40, got 300000$`))
  }
  const { pushes } = read(`[{"dim":"uid","uid":1,"data":${digits}}]`)
  t.equal((pushes[0] as ApiError).code, ErrorCode.TOO_LONG)
})

t.test('numbers are read as a query would have them, and data is passed on as it came', async t => {
  const { pushes } = read(
    ' [ { "dim" : "uid" , "uid":18446744073709551615,"expire":1e1,"other":-0.5,"data": {"id": 7301444403200000001} } ]\n',
  )
  const { parameters, body, contentType } = pushes[0] as Push
  t.strictSame(Object.fromEntries(parameters), { dim: 'uid', uid: '18446744073709551615', expire: '10', other: '-0.5' })
  t.equal(body.toString(), '{"id": 7301444403200000001}')
  t.equal(contentType, 'application/json')
})

t.test('data that is too deep, or an object of too many fields, is refused', async t => {
  const deep = (levels: number) => read(`[{"data":${'['.repeat(levels)}${']'.repeat(levels)}}]`).pushes[0]
  t.notOk(deep(60) instanceof ApiError)
  t.match((deep(61) as ApiError).message, /60 levels/)
  const manyFields = Array.from({ length: 64 }, (_, index) => `"f${index}":1,`).join('')
  const { pushes } = read(`[{${manyFields}"data":1}]`)
  t.match((pushes[0] as ApiError).message, /up to 64 fields/)
})

t.test('a field that comes twice is refused by its name', async t => {
  for (const [name, value] of [
    ['data', '1'],
    ['data64', '"AA=="'],
    ['key', '"k"'],
    ['uid', '5'],
    ['other', '"x"'],
    ['__proto__', '"x"'],
  ]) {
    const { pushes } = read(`[{"${name}":${value},"dim":"uid","${name}":${value}}]`)
    t.equal((pushes[0] as ApiError).message, `bad parameter: ${name}: expected one value, got two`)
  }
})

t.test('what is no JSON array is refused as a whole, as far as it was read', async t => {
  for (const text of [
    '',
    '[',
    '[1,]',
    '[,1]',
    '[1 2]',
    '[]]',
    '[{"a":1]',
    '[{"a":01}]',
    '[{"a" 1}]',
    '[{a:1}]',
    '[{"a":"b}]',
    '[{"data":[1}]',
    '[{"data":{"a":tru}}]',
    '[{"data":"\n"}]',
    '[{"dim":"uid","data":1}',
    '{"a":1}',
    '\ufeff[]',
    `[${'{},'.repeat(PUSHES_MAX)}{}]`,
  ]) {
    t.throws(() => read(text), { code: ErrorCode.BAD_PARAMETER }, text.slice(0, 40))
  }
  t.equal(read(`[${'{},'.repeat(PUSHES_MAX - 1)}{}]`).pushes.length, PUSHES_MAX)
})
