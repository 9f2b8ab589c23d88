import { ErrorCode, type ErrorName } from '../protocol/error-code.ts'

/** The answer of a callee that refuses. */
export interface Refused {
  readonly refused: number
  readonly errmsg?: string
}
export type Answer<T> = T | Refused

/** The answer of a method that returns nothing. */
export type Done = Record<string, never>

export function isRefused(answer: unknown): answer is Refused {
  return typeof answer === 'object' && answer !== null && 'refused' in answer
}

/** @param errmsg replaces the text of the code where that is too general */
export function refused(name: ErrorName, errmsg?: string): Refused {
  return errmsg === undefined ? { refused: ErrorCode[name].code } : { refused: ErrorCode[name].code, errmsg }
}
