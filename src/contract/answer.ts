import { ErrorCode, type ErrorName } from '../protocol/error-code.ts'

/** What a callee says when it does not do what it was asked. */
export interface Refused {
  readonly refused: number
  readonly errmsg?: string
}
export type Answer<T> = T | Refused

/** The answer of what has nothing to tell but that it is done. */
export type Done = Record<string, never>

export function isRefused(answer: unknown): answer is Refused {
  return typeof answer === 'object' && answer !== null && 'refused' in answer
}

/** @param errmsg what the code's own text does not say */
export function refused(name: ErrorName, errmsg?: string): Refused {
  return errmsg === undefined ? { refused: ErrorCode[name].code } : { refused: ErrorCode[name].code, errmsg }
}
