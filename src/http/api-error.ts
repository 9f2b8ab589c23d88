import { type Answer, isRefused } from '../contract/answer.ts'
import { ErrorCode, type ErrorName, errorText } from '../protocol/error-code.ts'

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

/** Where an error is logged, and what gives it an id. */
interface ErrorLog {
  readonly log: { error(fields: object, text: string): void }
  readonly clock: { uuid(): string }
}

/**
 * What the caller is told of an error that no row of the table describes: an id, under which the
 * log has the rest.
 * @param where fields of the log line: which request it was
 */
export function unexpected({ log, clock }: ErrorLog, error: unknown, where: object): ApiError {
  const id = clock.uuid()
  log.error({ err: error, id, ...where }, 'defect in a request')
  return ApiError.of('INTERNAL', `id ${id}`)
}

/** The answer of a home. @throws ApiError when it refused */
export function granted<T>(answer: Answer<T>): T {
  if (isRefused(answer)) throw new ApiError(answer.refused, answer.errmsg ?? errorText(answer.refused))
  return answer
}

/** The same for an answer that may be there already: what `toReply` makes of it, now or when it comes. @throws ApiError, now or then */
export function grantedTo<T, R>(
  answer: Answer<T> | Promise<Answer<T>>,
  toReply: (value: T) => R | Promise<R>,
): R | Promise<R> {
  return answer instanceof Promise ? answer.then(late => toReply(granted(late))) : toReply(granted(answer))
}
