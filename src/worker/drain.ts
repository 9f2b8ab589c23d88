import { Disconnect } from '../protocol/disconnect.ts'
import type { Hub } from '../session/hub.ts'
import type { Clock } from '../util/clock.ts'

/** Clients kicked per slice: the farewells must not hold up deliveries that are under way. */
const SLICE = 500

/** Kicks every client, with the hint to come back elsewhere, in slices. Resolves when no client is left. */
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
