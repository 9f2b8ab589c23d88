import type { Answer, Refused } from '../contract/answer.ts'
import type { Args, Methods, ReplyOf } from '../contract/methods.ts'
import { ackOf } from '../protocol/command.ts'
import { encodeAck } from '../protocol/encode.ts'
import { ErrorCode, errorText } from '../protocol/error-code.ts'
import type { AckOf, BodyOf, Request } from '../protocol/requests.ts'
import type { SessionContext } from './context.ts'
import type { Session } from './session.ts'

type OnAnswer<M extends keyof Methods> = (answer: Answer<ReplyOf<M>>) => void

/** A request as its handler sees it: what it says, and how it is answered. @typeParam B its body @typeParam A the fields of its ack */
export interface Answerable<B, A> {
  readonly context: SessionContext
  readonly session: Session
  readonly body: B
  /** Asks a home. The answer is handed on in ring order; the request is open until then. */
  ask<M extends keyof Methods>(home: number, method: M, args: Args<M>, onAnswer: OnAnswer<M>): void
  /** It was done: `code` 0 and what there is to say. */
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

  ask<M extends keyof Methods>(home: number, method: M, args: Args<M>, onAnswer: OnAnswer<M>): void {
    const { context, session } = this
    session.requestsOpen++
    context.calls.request(home, method, args, answer => {
      session.requestsOpen--
      onAnswer(answer)
      if (session.isHeld && session.requestsOpen <= context.options.requestsOpenMax / 2) release(session)
    })
  }

  ack(fields: AckOf<R>): void {
    const { code, text } = ErrorCode.OK
    this.context.hub.send(this.session, encodeAck(ackOf(this.command), this.seq, fields, code, text))
  }

  refuse(refusal: Refused, fields?: Partial<AckOf<R>>): void {
    refuse(this.context, this.session, this.command, this.seq, refusal, fields)
  }
}

/** Few enough are open again: what waited is said now, in its order. */
function release(session: Session): void {
  session.isHeld = false
  session.resume()
  for (const sayAgain of session.takePostponed()) sayAgain()
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
