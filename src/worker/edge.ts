import type { Admission } from '../admission/admission.ts'
import { numbersOf } from '../contract/generation.ts'
import { ListenerType } from '../contract/listener.ts'
import { Fanout } from '../fanout/fanout.ts'
import { VERSION } from '../ops/version.ts'
import { Fate } from '../protocol/fate.ts'
import { Broadcasts } from '../session/broadcasts.ts'
import { CatchUp } from '../session/catch-up.ts'
import { Congestion } from '../session/congestion.ts'
import type { SessionContext } from '../session/context.ts'
import { Hub } from '../session/hub.ts'
import { leaveEverything } from '../session/membership.ts'
import { Tokens } from '../session/token.ts'
import { Watchers } from '../session/watchers.ts'
import { BURST_FACTOR } from '../transport/backlog.ts'
import type { Core } from './core.ts'
import type { Part } from './part.ts'
import { forgetTopicsOf, resyncWith } from './resync.ts'
import { sessionCalls } from './session-calls.ts'

/** The side of a worker that faces clients: its sessions, and delivery to them. */
export interface Edge {
  readonly context: SessionContext
  readonly parts: readonly Part[]
  /** From now on closes connections that do not sign in and sessions that fall silent. */
  start(): void
}

/** A session is closed after this many silent heartbeats. */
export const SILENT_BEATS = 3
/** Sessions are swept at least this often. */
const SWEEP_MS = 1000

export function createEdge(core: Core, admission: Admission): Edge {
  const { options, clock, count, bus, reactor } = core
  const hub = new Hub(clock, numbersOf(core.generation), options.writerBytesMax * BURST_FACTOR, {
    left: (session, state) => leaveEverything(context, session, state),
    online(listener, sessions) {
      count.set(listener === ListenerType.TCP ? 'sessions_tcp' : 'sessions_ws', sessions)
      count.set('sessions', hub.online[ListenerType.TCP] + hub.online[ListenerType.WS])
    },
    closing: cause => count.add(`closed_${cause}_total`, 1),
    dropped: (fate, frames) => count.add(fate === Fate.GONE ? 'frames_dropped_gone' : 'frames_dropped_slow', frames),
    wake: reactor.wake,
    onDefect: core.onDefect,
  })
  const fanout = new Fanout(
    clock,
    options.flushHoldMaxMs,
    options.slowClient === 'drop-new',
    {
      published(members) {
        count.add('published_total', 1)
        count.add('offered_total', members)
      },
      flushed: () => count.add('flushes_total', 1),
      settled(tally) {
        count.add('deliveries_total', tally[Fate.TAKEN]!)
        count.add('dropped_behind', tally[Fate.BEHIND]!)
        count.add('dropped_slow', tally[Fate.SLOW]!)
        count.add('dropped_gone', tally[Fate.GONE]!)
      },
    },
    reactor.wake,
  )
  const congestion = new Congestion(bus)
  const broadcasts = new Broadcasts(clock, hub, fanout)
  const catchUp = new CatchUp({ ...core, hub, broadcasts })
  const context: SessionContext = {
    ...core,
    admission,
    hub,
    fanout,
    tokens: new Tokens(core.store.tokenKey),
    broadcasts,
    catchUp,
    watchers: new Watchers(hub),
    congestion,
    server: VERSION,
    onMalformed: () => count.add('requests_malformed_total', 1),
  }
  const sessions: Part = {
    methods: sessionCalls(context),
    flush() {
      hub.flush()
      catchUp.goOn()
    },
    stop: () => catchUp.stop(),
    workerLost: worker => forgetTopicsOf(context, worker),
    workerReplaced: worker => resyncWith(context, worker),
  }
  const delivery: Part = {
    flush: () => fanout.flush(),
    gauges: row => row.set('topics', fanout.topics),
    stop: () => fanout.close(),
  }
  const pausing: Part = {
    flush: () => congestion.relieve(),
    gauges(row) {
      row.set('paused_total', congestion.paused)
      row.set('refused_connections_total', admission.refused)
    },
  }
  const { loginTimeoutMs, heartbeatMs, pingIntervalMs } = options
  /** Not all at the same moment: one part after the other. */
  const startPings = () => {
    const parts = Math.ceil(pingIntervalMs / SWEEP_MS)
    let part = 0
    clock.every(pingIntervalMs / parts, () => hub.ping(part++, parts))
  }
  return {
    context,
    parts: [sessions, delivery, pausing],
    start() {
      clock.every(Math.min(SWEEP_MS, loginTimeoutMs / 2, heartbeatMs), () =>
        hub.sweep(loginTimeoutMs, heartbeatMs * SILENT_BEATS),
      )
      if (pingIntervalMs > 0) startPings()
    },
  }
}
