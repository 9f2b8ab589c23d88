import { parse, stringify } from 'lossless-json'
import { type Id, id } from './ids.js'

function parseNumber(digits: string): Id {
  return /^-?\d+$/.test(digits) ? id(BigInt(digits)) : Number.parseFloat(digits)
}

/** JSON in which integers of 64 bits survive: above 2^53 - 1 they are bigints. */
export function parseJson(text: string): unknown {
  return parse(text, undefined, parseNumber)
}

export function toJson(value: unknown): string {
  const text = stringify(value)
  if (text === undefined) throw new TypeError('not a JSON value')
  return text
}
