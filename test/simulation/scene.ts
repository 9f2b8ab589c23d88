import type { Disconnect } from '#dist/protocol/disconnect.js'
import type { Session } from '#dist/session/session.js'
import { SessionState } from '#dist/session/session.js'
import type { Device } from './device.js'
import type { Endpoint, EndpointEvents, Heard } from './endpoint.js'
import type { Ledger } from './ledger.js'
import type { Invariant } from './violations.js'
import type { ModelWorker } from './worker.js'
import type { World, WorldEvents } from './world.js'

/** What was asked through the API, and what came of it. */
export interface ApiCall {
  readonly what: string
  readonly worker: ModelWorker
  answers: number
}

/** Everything of one run that a check may look at. */
export interface Scene {
  readonly world: World
  readonly devices: readonly Device[]
  readonly ledger: Ledger
  readonly calls: readonly ApiCall[]
  /** The client at a connection of a worker, when it still stands. */
  endpointOf(worker: number, cid: number): Endpoint | undefined
  violate(invariant: Invariant, text: string): void
}

/** One thing that must hold: hears what happens, and looks when all has settled. */
export interface Check extends Partial<WorldEvents>, Partial<EndpointEvents> {
  heard?(endpoint: Endpoint, frame: Heard): void
  ended?(endpoint: Endpoint, reason: Disconnect | undefined): void
  /** No faults any more, nothing is on its way. @param isLast after the pushes that probe who is reached */
  settled?(isLast: boolean): void
}

/** A signed-in session and where it is. */
export interface Seated {
  readonly worker: ModelWorker
  readonly session: Session
}

/** All signed-in sessions of all workers. */
export function onlineSessions({ live }: World): Seated[] {
  return live.flatMap(worker =>
    [...worker.edge.context.hub.sessions]
      .filter(({ state }) => state === SessionState.ONLINE)
      .map(session => ({ worker, session })),
  )
}

/** The worker that is the home now. */
export function homeOf({ workers }: World, id: number): ModelWorker {
  return workers[workers[0]!.core.placement.homeOf(id)]!
}

export function place(session: Seated): string {
  return `uid ${session.session.uid} sid ${session.session.sid} cid ${session.session.cid} at worker ${session.worker.index}`
}
