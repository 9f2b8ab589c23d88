import type { Admission } from '../admission/admission.ts'
import type { Bus } from '../bus/bus.ts'
import type { Options } from '../config/options.ts'
import type { Refused } from '../contract/answer.ts'
import type { Calls } from '../contract/calls.ts'
import type { Methods } from '../contract/methods.ts'
import type { Placement } from '../contract/placement.ts'
import type { Fanout } from '../fanout/fanout.ts'
import type { Clock } from '../util/clock.ts'
import type { Numbers } from '../util/numbers.ts'
import type { Broadcasts } from './broadcasts.ts'
import type { CatchUp } from './catch-up.ts'
import type { Congestion } from './congestion.ts'
import type { Hub } from './hub.ts'
import type { Tokens } from './token.ts'
import type { Watchers } from './watchers.ts'

/** The services of its worker that a handler of requests uses. */
export interface SessionContext {
  readonly options: Options
  readonly bus: Bus
  readonly calls: Calls<Methods>
  readonly placement: Placement
  readonly clock: Clock
  readonly admission: Admission
  readonly hub: Hub
  readonly fanout: Fanout
  readonly tokens: Tokens
  readonly broadcasts: Broadcasts
  readonly catchUp: CatchUp
  readonly watchers: Watchers
  readonly congestion: Congestion
  /** Ids for rooms and groups that clients create. */
  readonly newIds: Numbers
  /** What ONLINE-ACK calls this gateway: its version. */
  readonly server: string
  /** What a client said could not be read. */
  onMalformed(): void
  /** Logs a defect of ours and says what the client is told. */
  onDefect(defect: unknown): Refused
}
