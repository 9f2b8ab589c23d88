import type { Refused } from '../contract/answer.ts'
import { ackOf } from '../protocol/command.ts'
import { encodeAck } from '../protocol/encode.ts'
import { ErrorCode, errorText } from '../protocol/error-code.ts'
import type { AckOf, BodyOf, Request } from '../protocol/requests.ts'
import type { SessionContext } from './context.ts'
import type { Session } from './session.ts'

/** A request as its handler sees it: the body, and how to answer. @typeParam B its body @typeParam A the fields of its ack */
export interface Answerable<B, A> {
  readonly context: SessionContext
  readonly session: Session
  readonly body: B
  /** Done: `code` 0 and the fields of the ack. */
  ack(fields: A): void
  /** Refused. @param fields the fields of the ack that are known */
  refuse(refusal: Refused, fields?: Partial<A>): void
}

/** One request of a client, read and checked. Its handler answers it once, now or when a home has answered. */
export class ClientRequest<R extends Request> implements Answerable<BodyOf<R>, AckOf<R>> {
  readonly context: SessionContext
  readonly session: Session
  readonly command: R
  readonly seq: number
  readonly body: BodyOf<R>

  constructor(context: SessionContext, session: Session, command: R, seq: number, body: BodyOf<R>) {
    this.context = context
    this.session = session
    this.command = command
    this.seq = seq
    this.body = body
  }

  ack(fields: AckOf<R>): void {
    const { code, text } = ErrorCode.OK
    this.context.hub.send(this.session, encodeAck(ackOf(this.command), this.seq, fields, code, text))
  }

  refuse(refusal: Refused, fields?: Partial<AckOf<R>>): void {
    refuse(this.context, this.session, this.command, this.seq, refusal, fields)
  }
}

/** Carries out one request. */
export type Handler<R extends Request> = (request: ClientRequest<R>) => void

/** Refuses a request, even one whose body could not be read. */
export function refuse(
  { hub }: SessionContext,
  session: Session,
  command: Request,
  seq: number,
  { refused, errmsg }: Refused,
  fields: object = {},
): void {
  hub.send(session, encodeAck(ackOf(command), seq, fields, refused, errmsg ?? errorText(refused)))
}
