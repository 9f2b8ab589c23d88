import { randomUUID } from 'node:crypto'
import { type Answer, isRefused } from '../bus/calls.ts'
import { ErrorCode, type ErrorName, errorText } from '../protocol/error-code.ts'
import { StoreError } from '../store/store.ts'

const statusOf = new Map<number, number>(Object.values(ErrorCode).map(row => [row.code, row.status]))

/** Ends a request with one of the codes of the table. */
export class ApiError extends Error {
  readonly code: number
  readonly status: number

  constructor(code: number, errmsg: string) {
    super(errmsg)
    this.code = code
    this.status = statusOf.get(code) ?? 503
  }

  static of(name: ErrorName, detail?: string): ApiError {
    const { code, text } = ErrorCode[name]
    return new ApiError(code, detail === undefined ? text : `${text}: ${detail}`)
  }
}

/** Where an error is logged. */
export interface ErrorLog {
  error(fields: object, text: string): void
}

/**
 * What the caller is told of an error that no row of the table describes: an id, under which the
 * log has the rest.
 * @param where fields of the log line: which request it was
 */
export function unexpected(log: ErrorLog, error: unknown, where: object): ApiError {
  const id = randomUUID()
  if (error instanceof StoreError) {
    log.error({ err: error, id, ...where }, 'the store did not take a change of a request')
    return ApiError.of('NOT_SERVING', `the store does not take changes, id ${id}`)
  }
  log.error({ err: error, id, ...where }, 'defect in a request')
  return ApiError.of('INTERNAL', `id ${id}`)
}

/** The answer of an owner. @throws ApiError when it refused */
export function granted<T>(answer: Answer<T>): T {
  if (isRefused(answer)) throw new ApiError(answer.refused, answer.errmsg ?? errorText(answer.refused))
  return answer
}

/** The same for an answer that may be there already: what `toReply` makes of it, now or when it comes. @throws ApiError, now or then */
export function grantedTo<T, R>(answer: Answer<T> | Promise<Answer<T>>, toReply: (value: T) => R): R | Promise<R> {
  return answer instanceof Promise ? answer.then(late => toReply(granted(late))) : toReply(granted(answer))
}
