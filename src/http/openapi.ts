import { z } from 'zod'
import { ErrorCode } from '../protocol/error-code.ts'
import { groupBy } from '../util/group-by.ts'
import type { Route } from './route.ts'

type Json = Record<string, unknown>

/**
 * The OpenAPI 3.1 page of the table. OpenAPI knows one operation per path and method, and here the parameters `action`, `option`
 * and `dim` choose among several interfaces: they are described together, each with a reply schema of its own.
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
      schemas: { Error: errorSchema(), ...Object.fromEntries(routes.map(row => [row.name, replySchema(row)])) },
    },
  }
}

function operation(rows: readonly Route[], method: string): Json {
  const isForm = method === 'POST' && rows.some(row => row.alsoPost === true)
  const selectors = [...new Set(rows.flatMap(row => Object.keys(row.where)))] as (keyof Route['where'])[]
  const names = [...new Set(rows.flatMap(row => Object.keys(row.query)))]
  const inAll = (name: string) => rows.every(row => row.query[name] !== undefined && isRequired(row, name))
  const parameters = [
    ...selectors.map(name => ({
      name,
      in: 'query',
      required: !isForm,
      schema: { type: 'string', enum: [...new Set(rows.map(row => row.where[name]!))] },
    })),
    ...names.map(name => ({
      name,
      in: 'query',
      required: !isForm && inAll(name),
      description: `of ${rows
        .filter(row => row.query[name] !== undefined)
        .map(described(name))
        .join(', ')}`,
      schema: { type: 'string' },
    })),
  ]
  const refs = rows.map(row => ({ $ref: `#/components/schemas/${row.name}` }))
  return {
    operationId: `${method.toLowerCase()}${rows[0]!.path.replace(/[^a-z]+(.)/g, (_, letter: string) => letter.toUpperCase())}`,
    summary: rows.length === 1 ? rows[0]!.summary : `${rows.length} interfaces, chosen by ${selectors.join(' and ')}`,
    description: rows.map(row => `- ${row.doc} ${row.name}: ${row.summary}`).join('\n'),
    parameters,
    ...(method === 'POST' ? { requestBody: requestBody(rows[0]!, isForm) } : {}),
    responses: {
      200: content('Done', refs.length === 1 ? refs[0]! : { anyOf: refs }),
      default: content('Refused; the HTTP status is the class of the code', { $ref: '#/components/schemas/Error' }),
    },
  }
}

function described(name: string): (row: Route) => string {
  return row => `${row.name}${isRequired(row, name) ? '' : ' (optional)'}`
}

/** Whether a parameter must be given. */
export function isRequired(row: Route, name: string): boolean {
  return !z.safeParse(row.query[name]!, undefined).success
}

function requestBody(row: Route, isForm: boolean): Json {
  const form = { schema: { type: 'object', additionalProperties: { type: ['string', 'integer'] } } }
  if (isForm) return { content: { 'application/x-www-form-urlencoded': form, 'application/json': form } }
  if (row.bodyBytesMax === 'batchBytesMax') {
    return {
      required: true,
      content: { 'application/json': { schema: { type: 'array', maxItems: 1000, items: { type: 'object' } } } },
    }
  }
  return { required: true, content: { '*/*': {} } }
}

function content(description: string, schema: Json): Json {
  return { description, content: { 'application/json': { schema } } }
}

function errorSchema(): Json {
  const codes = Object.values(ErrorCode).map(({ code }) => code)
  return {
    type: 'object',
    required: ['code', 'errmsg'],
    properties: { code: { type: 'integer', enum: codes }, errmsg: { type: 'string' } },
  }
}

/** The schema of a reply from the words before the bars of its fields: `integer`, `integer?` when it may be absent. */
function replySchema(row: Route): Json {
  const properties: Json = { code: { type: 'integer', const: 0 }, errmsg: { type: 'string' } }
  const required = ['code', 'errmsg']
  for (const [name, text] of Object.entries(row.reply)) {
    const [kind, description] = text.split(' | ', 2) as [string, string]
    const type = kind.replace('?', '')
    properties[name] = type === 'any' ? { description } : { type, description }
    if (!kind.endsWith('?')) required.push(name)
  }
  return { type: 'object', required, properties }
}
