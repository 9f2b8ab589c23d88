import type { Admission } from '../admission/admission.ts'
import type { Options } from '../config/options.ts'
import type { Calls } from '../contract/calls.ts'
import type { Methods } from '../contract/methods.ts'
import type { Placement } from '../contract/placement.ts'
import type { Counters } from '../ops/counters.ts'
import type { Tokens } from '../session/token.ts'
import type { Clock } from '../util/clock.ts'
import type { Directory } from './directory.ts'
import type { PlaceOf } from './ip-database.ts'

/** The services that HTTP handlers use: those of the worker that took the request. */
export interface HttpContext {
  readonly options: Options
  readonly clock: Clock
  readonly admission: Admission
  readonly calls: Calls<Methods>
  readonly placement: Placement
  readonly tokens: Tokens
  readonly counters: Counters
  readonly directory: Directory
  readonly placeOf: PlaceOf
  readonly log: { error(fields: object, text: string): void }
}
