import { Disconnect } from '#dist/protocol/disconnect.js'
import { startsOf } from '#dist/stats/page.js'
import { PRECISION_S } from '../plan.js'
import type { Check, Scene } from '../scene.js'

/** A run is shorter than all of these take. */
const timedOut: readonly number[] = [Disconnect.SILENT, Disconnect.LOGIN_TIMEOUT, Disconnect.EXPIRED_TOKEN].map(
  ({ closeCode }) => closeCode,
)

/** Somebody sets the wall clock: nobody is closed for it, and statistics are of times that were. */
export function checkClocks({ violate, world }: Scene): Check {
  const wasIn = (startS: number) =>
    world.wallSpans.some(({ fromMs, toMs }) => startS * 1000 <= toMs && fromMs < (startS + PRECISION_S) * 1000)
  return {
    ended(endpoint, reason) {
      if (reason === undefined || !timedOut.includes(reason.closeCode)) return
      violate('clock set', `${endpoint} was closed: ${reason.text}`)
    },
    settled() {
      const pages = world.live[0]!.core.store.tables.statsBuckets.list([PRECISION_S])
      const wrong = pages.flatMap(({ value }) => startsOf(value)).filter(startS => !wasIn(startS))
      if (wrong.length > 0)
        violate('clock set', `${wrong.length} buckets of times that never were, from ${wrong[0]} on`)
    },
  }
}
