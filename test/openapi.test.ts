import { Validator } from '@seriousme/openapi-schema-validator'
import t from 'tap'
import { routes } from '#dist/http/routes.js'
import { stringify } from '#dist/util/json.js'
import { Api } from './support/api.js'
import { ErrorCode } from './support/error-codes.js'
import { startGateway } from './support/gateway.js'
import { ajv } from './support/reply-schema.js'
import { specification } from './support/specification.js'

const PATH = '/im/openapi.json'

interface Parameter {
  readonly name: string
  readonly in: string
  readonly required: boolean
  readonly schema: { readonly enum?: readonly string[]; readonly anyOf?: readonly object[] }
}

interface Schema {
  readonly type: string
  readonly required: readonly string[]
  readonly properties: Readonly<Record<string, { readonly type?: string }>>
}

interface Operation {
  readonly operationId: string
  readonly description: string
  readonly parameters: readonly Parameter[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: object }>> }
  readonly responses: Readonly<Record<string, { readonly content: object }>>
}

interface Page {
  readonly openapi: string
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> }
}

const gateway = await startGateway(t)
const { status, headers, text } = await gateway.api.call(PATH)
const page = JSON.parse(text) as Page

t.test('the page is JSON and valid OpenAPI 3.1', async t => {
  t.equal(status, 200)
  t.equal(headers['content-type'], 'application/json; charset=utf-8')
  t.match(page.openapi, /^3\.1\.[0-9]+$/)
  const validator = new Validator()
  const result = await validator.validate(JSON.parse(text))
  t.strictSame(result.errors ?? [], [])
  t.ok(result.valid)
  t.equal(validator.version, '3.1')
  t.doesNotThrow(() => validator.resolveRefs(), 'every reference leads somewhere')
})

t.test('the validator would tell', async t => {
  const { valid } = await new Validator().validate({ ...JSON.parse(text), paths: { 'no slash': { get: 5 } } })
  t.notOk(valid)
})

t.test('every interface of the table is in it, with its parameters and the fields of its reply', async t => {
  for (const { name, doc, path, method, where, query, reply, alsoPost } of routes) {
    for (const verb of alsoPost === true ? ['get', 'post'] : [method.toLowerCase()]) {
      const operation = page.paths[path]?.[verb]
      t.ok(operation, `${name}: ${verb} ${path}`)
      if (operation === undefined) continue
      t.ok(operation.description.includes(`${doc} ${name}:`), `${name} is described`)
      const parameters = new Map(operation.parameters.map(one => [one.name, one]))
      for (const [selector, value] of Object.entries(where)) {
        t.ok(parameters.get(selector)?.schema.enum?.includes(value), `${name}: ${selector}=${value}`)
      }
      for (const parameter of Object.keys(query)) t.ok(parameters.has(parameter), `${name}: ${parameter}`)
      if (verb === 'post') t.ok(operation.requestBody, `${name}: a POST has a body`)
      t.ok(JSON.stringify(operation.responses['200']).includes(`"#/components/schemas/${name}"`), `${name}: its reply`)
    }
    const schema = page.components.schemas[name]!
    for (const field of ['code', 'errmsg', ...Object.keys(reply)]) {
      t.ok(field in schema.properties, `${name}: reply field ${field}`)
    }
  }
  const ids = Object.values(page.paths).flatMap(operations => Object.values(operations).map(one => one.operationId))
  t.equal(new Set(ids).size, ids.length, 'every operation has an id of its own')
})

t.test('every parameter has the type and range of its row, and must be given where all ask for it', async t => {
  for (const { name, path, method, query } of routes) {
    const parameters = page.paths[path]![method.toLowerCase()]!.parameters
    for (const [parameter, { about, isOptional }] of Object.entries(query)) {
      const { schema, required } = parameters.find(one => one.name === parameter)!
      const wanted = JSON.parse(stringify(about.schema))
      const taken = [schema, ...(schema.anyOf ?? [])].map(one => JSON.stringify(one))
      t.ok(taken.includes(JSON.stringify(wanted)), `${name} ${parameter}`)
      if (isOptional) t.notOk(required, `${name} ${parameter} may be absent`)
    }
  }
  const required = (path: string) =>
    page.paths[path]!['get']!.parameters.filter(one => one.required).map(one => one.name)
  t.strictSame(required('/im/register'), ['uid', 'nation', 'city', 'town'])
  t.strictSame(required('/im/room/query'), ['option'], 'a rid is asked for by one of two')
  t.match(text, /"format":"uint64","minimum":1,"maximum":18446744073709551615[,}]/, 'the largest id is not rounded')
})

t.test('the body of a batch is described push by push', async t => {
  const validate = ajv.compile(page.paths['/im/push/batch']!['post']!.requestBody!.content['application/json']!.schema)
  for (const push of [
    { dim: 'broadcast', data: 'all' },
    { dim: 'room', rid: 5, expire: 0, data: { any: ['value'] } },
    { dim: 'uid', uid: '18446744073709551615', data64: 'aGk=', key: 'k' },
    { dim: 'appid', appid: 'chat', version: '1', data: null },
  ]) {
    t.ok(validate([push]), JSON.stringify(push))
  }
  for (const push of [
    'text',
    { data: 'without a dim' },
    { dim: 'planet', data: 'x' },
    { dim: 'room', rid: 5, data: 'without expire' },
    { dim: 'uid', uid: 0, data: 'x' },
    { dim: 'uid', uid: '0x7', data: 'x' },
    { dim: 'uid', uid: 5, data64: 7 },
    { dim: 'uid', uid: 5, data: 'x', key: '' },
  ]) {
    t.notOk(validate([push]), JSON.stringify(push))
  }
  t.ok(validate(Array(1000).fill({ dim: 'broadcast', data: 1 })))
  t.notOk(validate(Array(1001).fill({ dim: 'broadcast', data: 1 })), 'more than a batch may have')
})

t.test('the 41 interfaces of the specification are in it with the names and types of their reply fields', async t => {
  for (const { doc, path, method, reply } of specification('1')) {
    const operation = page.paths[path]?.[method.toLowerCase()]
    const name = new RegExp(`^- ${doc.replace('.', '\\.')} (\\S+):`, 'm').exec(operation?.description ?? '')?.[1]
    t.ok(name, `${doc} ${method} ${path}`)
    const properties = page.components.schemas[name ?? '']?.properties ?? {}
    for (const [field, type] of Object.entries(reply)) {
      // A precision is seconds, or the text 1m or 1y.
      const wanted = field === 'prec' ? undefined : type
      t.ok(field in properties, `${doc}: ${field}`)
      t.equal(properties[field]?.type, wanted, `${doc}: ${field}`)
    }
  }
})

t.test('the page needs a key like every interface, and takes only a GET', async t => {
  const own = await startGateway(t, { env: { IMGATE_API_KEYS: 'the-key' } })
  const refused = await new Api(own.http).call(PATH)
  t.equal(refused.status, 401)
  t.equal(refused.body.code, ErrorCode.NO_KEY)
  t.equal((await own.api.call(PATH)).text, text, 'with one it is the same page')
  const posted = await gateway.api.call(PATH, { method: 'POST', body: '{}' })
  t.equal(posted.status, 405)
  t.equal(posted.body.code, ErrorCode.WRONG_METHOD)
})
