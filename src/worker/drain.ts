import { Disconnect } from '../protocol/disconnect.ts'
import type { Hub } from '../session/hub.ts'
import type { Clock } from '../util/clock.ts'

/** Clients told to go per slice: their goodbyes must not hold up what is still delivered. */
const SLICE = 500

/** Tells every client to come back elsewhere and closes it, in slices. Ends when none is left. */
export async function drainClients(clock: Clock, hub: Hub): Promise<void> {
  while (hub.size > 0) {
    let slice = 0
    for (const session of hub.sessions) {
      hub.kick(session, Disconnect.SHUTDOWN)
      if (++slice === SLICE) break
    }
    await new Promise<void>(resolve => clock.soon(resolve))
  }
}
