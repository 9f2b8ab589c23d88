import { Validator } from '@seriousme/openapi-schema-validator'
import t from 'tap'
import { routes } from '#dist/http/routes.js'
import { Api } from './support/api.js'
import { ErrorCode } from './support/error-codes.js'
import { startGateway } from './support/gateway.js'
import { specification } from './support/specification.js'

const PATH = '/im/openapi.json'

interface Parameter {
  readonly name: string
  readonly in: string
  readonly schema: { readonly enum?: readonly string[] }
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
  readonly requestBody?: { readonly content: object }
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
