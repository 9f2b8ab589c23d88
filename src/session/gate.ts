import type { Bus } from '../bus/bus.ts'
import type { Calls, Refused } from '../bus/calls.ts'
import type { Options } from '../config/options.ts'
import type { Methods } from '../contract/methods.ts'
import type { Placement } from '../contract/placement.ts'
import type { Fanout } from '../fanout/fanout.ts'
import { ackOf } from '../protocol/command.ts'
import { encodeAck } from '../protocol/encode.ts'
import { ErrorCode, errorText } from '../protocol/error-code.ts'
import type { Request } from '../protocol/requests.ts'
import type { IdBlocks } from '../store/id-blocks.ts'
import type { Store } from '../store/store.ts'
import type { Broadcasts } from './broadcasts.ts'
import type { Congestion } from './congestion.ts'
import type { Hub } from './hub.ts'
import type { Session } from './session.ts'
import type { Tokens } from './token.ts'
import type { Watchers } from './watchers.ts'

/** What a handler of a client's request works with: the services of its worker. */
export interface Gate {
  readonly options: Options
  readonly bus: Bus
  readonly calls: Calls<Methods>
  readonly placement: Placement
  readonly hub: Hub
  readonly fanout: Fanout
  readonly store: Store
  readonly tokens: Tokens
  readonly broadcasts: Broadcasts
  readonly watchers: Watchers
  readonly congestion: Congestion
  /** Ids for rooms and groups that clients create. */
  readonly newIds: IdBlocks
  /** Logs a defect of ours and says what the client is told. */
  onDefect(defect: unknown): Refused
}

/** Acknowledges a request: `code` 0 and what the answer has to say, or why not. */
export function ack(gate: Gate, session: Session, request: Request, seq: number, fields: object): void {
  const { code, text } = ErrorCode.OK
  gate.hub.send(session, encodeAck(ackOf(request), seq, fields, code, text))
}

export function refuse(
  gate: Gate,
  session: Session,
  request: Request,
  seq: number,
  { refused, errmsg }: Refused,
  fields: object = {},
): void {
  gate.hub.send(session, encodeAck(ackOf(request), seq, fields, refused, errmsg ?? errorText(refused)))
}
