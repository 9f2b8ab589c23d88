import t from 'tap'
import { ListenerType } from '#dist/contract/listener.js'
import { type StoredMark, StoredScope } from '#dist/contract/stored.js'
import { Fanout } from '#dist/fanout/fanout.js'
import type { Place } from '#dist/fanout/topic.js'
import { encodeFrame } from '#dist/protocol/encode.js'
import { Fate } from '#dist/protocol/fate.js'
import { DataKind } from '#dist/protocol/json-format.js'
import { Membership, Memberships } from '#dist/session/memberships.js'
import { Session, SessionState } from '#dist/session/session.js'
import { lacks } from '#dist/session/stored-marks.js'
import type { Connection } from '#dist/transport/connection.js'
import type { Cid, Rid } from '#dist/util/id.js'
import { TurnedClock } from '../support/turned-clock.js'

const TOPIC = 1
const ENDS_AT = 9000
const rid = 7 as unknown as Rid
const { ALL, ROOM } = StoredScope

/** A client that takes, misses, or leaves unread what it is given, as the test says. */
function client() {
  const socket = { fate: Fate.TAKEN as Fate, bytesWaiting: 0, written: 0 }
  const connection = {
    listener: ListenerType.WS,
    get bytesWaiting() {
      return socket.bytesWaiting
    },
    write(_payload: Buffer, _isBinary: boolean, mayDrop: boolean) {
      if (socket.fate === Fate.BEHIND && !mayDrop) return Fate.TAKEN
      if (socket.fate === Fate.TAKEN) socket.written++
      return socket.fate
    },
  }
  const session = new Session(1 as Cid, connection as unknown as Connection, 0, 0)
  session.state = SessionState.ONLINE
  session.isSignedIn = true
  const membership = new Membership(session, rid)
  membership.isIn = true
  session.rooms = new Memberships()
  session.rooms.set(membership)
  const clock = new TurnedClock()
  const fanout = new Fanout(clock, 1, true, { published() {}, flushed() {}, settled() {} }, () => undefined)
  /** A push with `expire`, written by its topic. */
  const push = (msgid: number, endsAt = ENDS_AT) => {
    const frame = encodeFrame(0x040d, 0, { rid: 7, msgid })
    fanout.publishStored(TOPIC, frame, DataKind.BYTES, msgid, endsAt)
    fanout.flush()
  }
  const join = (place: Place) => fanout.join(TOPIC, place, true)
  const says = () => session.seen(0)
  const had = () => session.stored?.had(session.heard) ?? []
  return { socket, session, membership, push, join, says, had }
}

const places = [
  { what: 'a room', scope: ROOM, of: rid, placeOf: ({ membership }: ReturnType<typeof client>) => membership },
  { what: 'everybody', scope: ALL, of: 0, placeOf: ({ session }: ReturnType<typeof client>) => session.presence },
] as const

for (const { what, scope, of, placeOf } of places) {
  t.test(`what a client that is behind misses of the stored pushes to ${what} it has not had`, async t => {
    const one = client()
    const { socket, session, push, join, says, had } = one
    const mark = (upTo: number): StoredMark => ({ scope, of, upTo, endsAt: ENDS_AT })
    join(placeOf(one))
    push(10)
    says()
    t.strictSame(had(), [mark(10)])
    socket.fate = Fate.BEHIND
    push(11)
    says()
    t.equal(session.dropped, 1)
    t.strictSame(had(), [mark(10)])
    socket.fate = Fate.TAKEN
    push(12)
    says()
    t.equal(socket.written, 2, 'it gets the next one')
    t.strictSame(had(), [mark(10)], 'which would cover the one that it missed')
    t.notOk(lacks(session, mark(10)))
    t.ok(lacks(session, mark(11)), 'so it gets that when it joins again')
  })
}

t.test('what waits for a slow client it has had once it has read all and says something', async t => {
  const one = client()
  const { socket, membership, push, join, says, had } = one
  join(membership)
  socket.bytesWaiting = 100
  push(10, ENDS_AT)
  push(11, ENDS_AT / 2)
  says()
  t.strictSame(had(), [])
  socket.bytesWaiting = 0
  says()
  // It ends with the last of both, not with that of the last push.
  t.strictSame(had(), [{ scope: ROOM, of: rid, upTo: 11, endsAt: ENDS_AT }])
})
