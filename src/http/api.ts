import type { Calls } from '../bus/calls.ts'
import type { Options } from '../config/options.ts'
import type { Methods } from '../contract/methods.ts'
import type { Placement } from '../contract/placement.ts'
import type { Jobs } from '../jobs/jobs.ts'
import type { Counters } from '../ops/counters.ts'
import type { Tokens } from '../session/token.ts'
import type { IdBlocks } from '../store/id-blocks.ts'
import type { Store } from '../store/store.ts'
import type { ListenerType } from '../transport/connection.ts'
import type { ErrorLog } from './api-error.ts'
import type { Directory } from './directory.ts'
import type { PlaceOf } from './ip-database.ts'

/** A listener of this process. */
export interface Listener {
  readonly nid: number
  readonly type: ListenerType
  /** `ip:port` as devices reach it. */
  readonly ipaddr: string
}

/** What handlers of HTTP interfaces work with: the services of the worker that took the request. */
export interface Api {
  readonly options: Options
  readonly calls: Calls<Methods>
  readonly placement: Placement
  readonly store: Store
  readonly tokens: Tokens
  readonly counters: Counters
  readonly sids: IdBlocks
  readonly directory: Directory
  readonly placeOf: PlaceOf
  readonly jobs: Jobs
  readonly log: ErrorLog
}
