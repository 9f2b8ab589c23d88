import { Fate } from '#dist/protocol/fate.js'
import { SessionState } from '#dist/session/session.js'
import { framesIn } from '../endpoint.js'
import type { Check, Scene } from '../scene.js'
import type { ModelWorker } from '../worker.js'

interface Book {
  /** Frames that were handed to topics times their members, and to sessions. */
  owed: number
  /** Frames that connections were handed. */
  offered: number
  /** Frames that clients missed, because they were behind. */
  behind: number
}

/**
 * At each worker every frame that was handed to a topic is offered to each of its members, and every frame for a session to
 * it: no more, no less. What a connection did not take is counted, by its cause, for all and for its session.
 */
export function checkConservation({ violate, world }: Scene): Check {
  const books = new Map<ModelWorker, Book>()
  return {
    built(worker) {
      const book = { owed: 0, offered: 0, behind: 0 }
      books.set(worker, book)
      const { hub, fanout } = worker.edge.context
      const publish = fanout.publish.bind(fanout)
      fanout.publish = (...frame) => {
        const members = publish(...frame)
        book.owed += members
        return members
      }
      const send = hub.send.bind(hub)
      hub.send = (session, ...frame) => {
        if (session.state !== SessionState.CLOSED) book.owed++
        send(session, ...frame)
      }
      const open = hub.open.bind(hub)
      hub.open = connection => {
        const session = open(connection)
        // What its topics had for a session that never signed in is for nobody.
        session.dropHeld = () => {
          for (const { bytes, dataKind } of session.takeHeld()) {
            if (dataKind === undefined) book.owed -= framesIn(bytes, !session.speaksJson)
          }
        }
        return session
      }
      const kick = hub.kick.bind(hub)
      hub.kick = (session, reason) => {
        if (session.state !== SessionState.CLOSED) book.owed++
        kick(session, reason)
      }
    },
    wrote({ worker, dropped, session }, payload, isBinary, fate) {
      const frames = framesIn(payload, isBinary)
      const book = books.get(worker)!
      book.offered += frames
      if (fate === Fate.BEHIND) book.behind += frames
      // The session hears of this one when the connection has answered.
      const before = fate === Fate.TAKEN ? dropped : dropped - frames
      if (session?.dropped === before) return
      violate('conservation', `worker ${worker.index}: a session missed ${before} frames and says ${session?.dropped}`)
    },
    settled() {
      for (const worker of world.live) {
        const { owed, offered } = books.get(worker)!
        if (owed === offered) continue
        violate('conservation', `worker ${worker.index}: ${owed} frames were for somebody, ${offered} were offered`)
      }
      for (const { index } of world.live) checkCounters(index)
    },
  }

  /** Of a seat, and so of all workers that it has had. */
  function checkCounters(index: number): void {
    const counted = (name: Parameters<typeof world.counters.get>[1]) => world.counters.get(index, name)
    const dropped = counted('dropped_behind') + counted('dropped_slow') + counted('dropped_gone')
    const all = counted('deliveries_total') + dropped + counted('dropped_lost_worker')
    if (all !== counted('offered_total')) {
      violate(
        'conservation',
        `seat ${index}: ${counted('offered_total')} deliveries were due, ${all} are accounted for`,
      )
    }
    let behind = 0
    for (const [worker, book] of books) if (worker.index === index) behind += book.behind
    if (behind !== counted('dropped_behind')) {
      violate('conservation', `seat ${index}: ${behind} were missed, ${counted('dropped_behind')} are counted`)
    }
  }
}
