import { ApiError } from './api-error.ts'

/** Parses a query string or form. @throws ApiError on broken escapes and on a parameter that is given twice */
export function parseQuery(text: string): Map<string, string> {
  const parameters = new Map<string, string>()
  for (const part of text.split('&')) {
    if (part === '') continue
    const equals = part.indexOf('=')
    const name = decode(equals < 0 ? part : part.slice(0, equals))
    if (parameters.has(name)) throw ApiError.of('BAD_PARAMETER', `${name}: expected once, got it twice`)
    parameters.set(name, equals < 0 ? '' : decode(part.slice(equals + 1)))
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
