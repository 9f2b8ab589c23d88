import type { LimitBook } from '#dist/contract/limits.js'

/** For parts that are tested without their worker: nobody is over a limit. */
export const NO_LIMITS: LimitBook = { of: () => 0, exceeded: () => false }
