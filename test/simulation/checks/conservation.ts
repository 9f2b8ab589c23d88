import { SessionState } from '#dist/session/session.js'
import { framesIn } from '../endpoint.js'
import type { Check, Scene } from '../scene.js'
import type { ModelWorker } from '../worker.js'

/** At each worker every frame that was handed to a topic is offered to each of its members, and every frame for a session to it: no more, no less. */
export function checkConservation({ violate, world }: Scene): Check {
  const books = new Map<ModelWorker, { owed: number; offered: number }>()
  return {
    built(worker) {
      const book = { owed: 0, offered: 0 }
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
    wrote({ worker }, payload, isBinary) {
      books.get(worker)!.offered += framesIn(payload, isBinary)
    },
    settled() {
      for (const worker of world.live) {
        const { owed, offered } = books.get(worker)!
        if (owed === offered) continue
        violate('conservation', `worker ${worker.index}: ${owed} frames were for somebody, ${offered} were offered`)
      }
    },
  }
}
