import { groupBy } from '../util/group-by.ts'
import { stringify } from '../util/json.ts'
import { bodySchema } from './body.ts'
import { type JsonSchema, schemaOf } from './kind.ts'
import { errorSchema, replySchema } from './reply.ts'
import { IDEMPOTENCY_KEY_MAX, type Route, type Where } from './route.ts'

type Json = Record<string, unknown>

/**
 * The OpenAPI 3.1 page of the table. OpenAPI allows one operation per path and method, but here `action`, `option` and `dim`
 * choose among several interfaces. So one operation describes them together; each has its own reply schema.
 */
export function openApi(routes: readonly Route[]): Json {
  const paths: Record<string, Json> = {}
  for (const [path, onPath] of groupBy(routes, row => row.path)) {
    const operations: Json = {}
    for (const [method, rows] of groupBy(onPath, row => row.method))
      operations[method.toLowerCase()] = operation(rows, method)
    const posts = onPath.filter(row => row.alsoPost === true)
    if (posts.length > 0) operations['post'] = operation(posts, 'POST')
    paths[path] = operations
  }
  return {
    openapi: '3.1.0',
    info: { title: 'imgate', version: '1', description: 'HTTP interfaces of the imgate gateway for app servers.' },
    servers: [{ url: '/' }],
    security: [{ bearer: [] }, { apiKey: [] }, {}],
    paths,
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
      },
      schemas: {
        Error: errorSchema(),
        ...Object.fromEntries(routes.map(row => [row.name, replySchema(row.reply)])),
      },
    },
  }
}

function operation(rows: readonly Route[], method: string): Json {
  const isForm = method === 'POST' && rows.some(row => row.alsoPost === true)
  const isPush = method === 'POST' && !isForm && rows.every(({ path }) => path.startsWith('/im/push'))
  const selectors = [...new Set(rows.flatMap(row => Object.keys(row.where)))] as (keyof Where)[]
  const names = [...new Set(rows.flatMap(row => Object.keys(row.query)))]
  const refs = rows.map(row => ({ $ref: `#/components/schemas/${row.name}` }))
  return {
    operationId: `${method.toLowerCase()}${rows[0]!.path.replace(/[^a-z]+(.)/g, (_, letter: string) => letter.toUpperCase())}`,
    summary: rows.length === 1 ? rows[0]!.summary : `${rows.length} interfaces; ${selectors.join(' and ')} choose one`,
    description: rows.map(row => `- ${row.doc} ${row.name}: ${row.summary}`).join('\n'),
    parameters: [
      ...selectors.map(name => selector(rows, name, isForm)),
      ...names.map(name => parameter(rows, name, isForm)),
      ...(isPush ? [idempotencyKey] : []),
    ],
    ...(method === 'POST' ? { requestBody: requestBody(rows, isForm) } : {}),
    responses: {
      200: content('Done', refs.length === 1 ? refs[0]! : { anyOf: refs }),
      default: content('Refused; `code` says why, the HTTP status gives the class', {
        $ref: '#/components/schemas/Error',
      }),
    },
  }
}

const idempotencyKey = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description:
    'A retry with the same key within 5 minutes returns the first reply and delivers nothing twice; the key with another request is answered 10017.',
  schema: { type: 'string', maxLength: IDEMPOTENCY_KEY_MAX },
}

function selector(rows: readonly Route[], name: keyof Where, isForm: boolean): Json {
  const values = new Set(rows.map(row => row.where[name]!))
  return { name, in: 'query', required: !isForm, schema: { type: 'string', enum: [...values] } }
}

/** A parameter of some of the rows: required if all rows require it; its schema allows the kinds of all rows. */
function parameter(rows: readonly Route[], name: string, isForm: boolean): Json {
  const those = rows.filter(row => row.query[name] !== undefined)
  const isNeeded = rows.every(row => row.query[name]?.isOptional === false)
  const schemas = new Map(those.map(row => row.query[name]!.about.schema).map(schema => [stringify(schema), schema]))
  const [first, ...others] = schemas.values()
  return {
    name,
    in: 'query',
    required: !isForm && isNeeded,
    description: meanings(those, name, those.length === rows.length),
    schema: others.length === 0 ? first : { anyOf: [first, ...others] },
  }
}

/** The meaning of the parameter; where it differs between interfaces, each meaning with its interfaces. */
function meanings(rows: readonly Route[], name: string, isOfAll: boolean): string {
  const isOptional = (row: Route) => row.query[name]!.isOptional
  const texts = groupBy(rows, row => row.query[name]!.about.meaning)
  const isSame = isOfAll && texts.size === 1 && new Set(rows.map(isOptional)).size === 1
  if (isSame) return rows[0]!.query[name]!.about.meaning
  return Array.from(texts, ([meaning, some]) => {
    const users = some.map(row => (isOptional(row) ? `${row.name} (optional)` : row.name))
    return `${meaning}: ${users.join(', ')}`
  }).join('; ')
}

/** All POSTs of a path have the same kind of body: a form with the parameters, a JSON body, or the data of a push. */
function requestBody(rows: readonly Route[], isForm: boolean): Json {
  if (isForm) {
    const forms = rows.map(row => bodySchema(row.where, row.query))
    const form = { schema: forms.length === 1 ? forms[0]! : { anyOf: forms } }
    return {
      description: 'The parameters, unless they are in the query.',
      content: { 'application/json': form, 'application/x-www-form-urlencoded': form },
    }
  }
  const body = rows[0]!.body
  return body === undefined
    ? { required: true, content: { '*/*': {} } }
    : { required: true, content: { 'application/json': { schema: schemaOf(body) } } }
}

function content(description: string, schema: JsonSchema): Json {
  return { description, content: { 'application/json': { schema } } }
}
