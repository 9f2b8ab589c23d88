import { DuplicateKeyError, parseStrict, withoutBom } from '../util/json.ts'
import { ApiError } from './api-error.ts'

/** Parses a query string or a form. @throws ApiError on broken escapes and repeated parameters */
export function parseQuery(text: string): Map<string, string> {
  const parameters = new Map<string, string>()
  const isEscaped = text.includes('%') || text.includes('+')
  for (let at = 0; at < text.length; ) {
    const ampersand = text.indexOf('&', at)
    const end = ampersand < 0 ? text.length : ampersand
    if (end > at) {
      const equals = text.indexOf('=', at)
      const nameEnd = equals < 0 || equals > end ? end : equals
      const name = text.slice(at, nameEnd)
      const value = text.slice(Math.min(nameEnd + 1, end), end)
      add(parameters, isEscaped ? decode(name) : name, isEscaped ? decode(value) : value)
    }
    at = end + 1
  }
  return parameters
}

function add(parameters: Map<string, string>, name: string, value: string): void {
  if (parameters.has(name)) throw ApiError.of('BAD_PARAMETER', `${name}: expected one value, got two`)
  parameters.set(name, value)
}

/**
 * Adds the parameters in the body of a POST (a form, or a JSON object of strings and numbers) to those of the query string.
 * @throws ApiError on any other body and on repeated parameters
 */
export function addBodyParameters(parameters: Map<string, string>, contentType: string, body: Buffer): void {
  if (body.length === 0) return
  const type = contentType.split(';', 1)[0]!.trim().toLowerCase()
  const given =
    type === 'application/json' ? jsonParameters(withoutBom(body).toString()) : parseQuery(formText(type, body))
  for (const [name, value] of given) add(parameters, name, value)
}

function formText(type: string, body: Buffer): string {
  if (type === 'application/x-www-form-urlencoded') return body.toString()
  const expected = 'expected application/x-www-form-urlencoded or application/json'
  throw ApiError.of('BAD_PARAMETER', `content-type: ${expected}, got ${JSON.stringify(type.slice(0, 64))}`)
}

function jsonParameters(text: string): Map<string, string> {
  let value: unknown
  try {
    value = parseStrict(text)
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error
    const why = error instanceof DuplicateKeyError ? error.message : `body: expected a JSON object: ${error.message}`
    throw ApiError.of('BAD_PARAMETER', why)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw ApiError.of('BAD_PARAMETER', 'body: expected a JSON object')
  }
  return fieldsOf(value)
}

/** The fields of an object as text, as a query string would have them. */
function fieldsOf(value: object): Map<string, string> {
  const parameters = new Map<string, string>()
  for (const [name, field] of Object.entries(value)) {
    if (typeof field !== 'string' && typeof field !== 'number' && typeof field !== 'bigint') {
      throw ApiError.of('BAD_PARAMETER', `${name}: expected a string or a number`)
    }
    parameters.set(name, String(field))
  }
  return parameters
}

function decode(text: string): string {
  if (!text.includes('%') && !text.includes('+')) return text
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    throw ApiError.of('BAD_PARAMETER', `${text.slice(0, 64)}: expected valid percent-encoding`)
  }
}
