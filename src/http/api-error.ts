import { type Answer, isRefused } from '../contract/answer.ts'
import { ErrorCode, type ErrorName, errorText } from '../protocol/error-code.ts'

const statusOf = new Map<number, number>(Object.values(ErrorCode).map(row => [row.code, row.status]))

const RETRY_AFTER = 'retry-after: 1'

/** Whether the same request may be taken in a while. */
function mayComeBack({ status, code }: ApiError): boolean {
  return (status === 429 || status === 503) && code !== ErrorCode.INTERNAL.code
}

/** Ends a request with an error code of the table. */
export class ApiError extends Error {
  readonly code: number
  readonly status: number
  /** One more header of the answer, such as `allow: GET`; empty if none. */
  readonly header: string

  constructor(code: number, errmsg: string, header = '') {
    super(errmsg)
    this.code = code
    this.status = statusOf.get(code) ?? 503
    this.header = header === '' && mayComeBack(this) ? RETRY_AFTER : header
  }

  static of(name: ErrorName, detail?: string, header?: string): ApiError {
    const { code, text } = ErrorCode[name]
    return new ApiError(code, detail === undefined ? text : `${text}: ${detail}`, header)
  }

  static tooLong(bytesMax: number): ApiError {
    return ApiError.of('BODY_TOO_LONG', `expected up to ${bytesMax} bytes`)
  }

  static wrongMethod(expected: readonly string[], method: string): ApiError {
    return ApiError.of(
      'WRONG_METHOD',
      `expected ${expected.join(' or ')}, got ${method}`,
      `allow: ${expected.join(', ')}`,
    )
  }
}

/** The log, and the source of ids. */
interface ErrorLog {
  readonly log: { error(fields: object, text: string): void }
  readonly clock: { uuid(): string }
}

/**
 * Logs an unexpected error under a new id.
 * @param where fields of the log line that identify the request
 * @returns the error for the caller: it tells the id and nothing else
 */
export function unexpected({ log, clock }: ErrorLog, error: unknown, where: object): ApiError {
  const id = clock.uuid()
  log.error({ err: error, id, ...where }, 'unexpected error in a request: a bug in the gateway')
  return ApiError.of('INTERNAL', `id ${id}`)
}

/** Unwraps the answer of a home. @throws ApiError if the home refused */
export function granted<T>(answer: Answer<T>): T {
  if (isRefused(answer)) throw new ApiError(answer.refused, answer.errmsg ?? errorText(answer.refused))
  return answer
}

/** The same for an answer that may already be here; `toReply` runs now or when it arrives. @throws ApiError, now or then */
export function grantedTo<T, R>(
  answer: Answer<T> | Promise<Answer<T>>,
  toReply: (value: T) => R | Promise<R>,
): R | Promise<R> {
  return answer instanceof Promise ? answer.then(late => toReply(granted(late))) : toReply(granted(answer))
}
