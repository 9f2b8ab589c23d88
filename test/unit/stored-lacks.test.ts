import t from 'tap'
import { ListenerType } from '#dist/contract/listener.js'
import { type StoredMark, StoredScope } from '#dist/contract/stored.js'
import { Membership, Memberships } from '#dist/session/memberships.js'
import { Session, SessionState } from '#dist/session/session.js'
import { lacks, wroteStored } from '#dist/session/stored-marks.js'
import type { Connection } from '#dist/transport/connection.js'

const RID = 501 as never
const push = (upTo: number, scope: StoredMark['scope'] = StoredScope.ROOM): StoredMark => ({
  scope,
  of: RID,
  upTo,
  endsAt: 1_000_000,
})

/** A session online, whose client has so many bytes to read. */
function online(bytesWaiting: number) {
  const connection = { listener: ListenerType.WS, bytesWaiting }
  const session = new Session(1 as never, connection as unknown as Connection, 0, 0)
  session.state = SessionState.ONLINE
  session.isSignedIn = true
  const membership = new Membership(session, RID)
  session.rooms = new Memberships()
  session.rooms.set(membership)
  return { connection, session, membership }
}

t.test('a push that waits for the client to read is not given again over the same connection', t => {
  const { connection, session, membership } = online(100)
  membership.isIn = true
  t.equal(lacks(session, push(7)), true)
  wroteStored(session, push(7))
  t.equal(lacks(session, push(7)), false)
  t.equal(lacks(session, push(8)), true)
  // Nothing shows yet that the client has it: over another connection it comes again.
  session.seen(1)
  t.same(session.stored!.had(session.heard), [])
  connection.bytesWaiting = 0
  session.seen(2)
  t.same(session.stored!.had(session.heard), [push(7)])
  t.end()
})

t.test('a room or group that the session has given up gives it nothing', t => {
  const { session, membership } = online(0)
  // Asked again after a question that was answered BUSY: the late answer to that one has brought the push, once.
  t.equal(membership.isIn, false)
  t.equal(lacks(session, push(7)), true)
  membership.isIn = true
  t.equal(lacks(session, push(7)), true)
  session.rooms!.delete(RID)
  t.equal(lacks(session, push(7)), false)
  t.equal(lacks(session, push(7, StoredScope.GROUP)), false)
  t.equal(lacks(session, push(7, StoredScope.USER)), true)
  t.end()
})
