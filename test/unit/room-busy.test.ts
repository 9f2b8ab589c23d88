import t from 'tap'
import { topicKey } from '#dist/contract/topics.js'
import { ackOf, Command } from '#dist/protocol/command.js'
import { ErrorCode } from '#dist/protocol/error-code.js'
import type { Rid, Sid, Uid } from '#dist/util/id.js'
import { forgetTopicsOf, resyncWith } from '#dist/worker/resync.js'
import { BUSY, oneConnection } from '../support/one-connection.js'

/* A room whose home is replaced, or answers late: what the client was told holds. */

const uid = 11 as unknown as Uid
const sid = 21 as unknown as Sid
const rid = 501 as unknown as Rid
const NOT_MEMBER = { refused: ErrorCode.NOT_MEMBER.code }
const BLACKLISTED = { refused: ErrorCode.BLACKLISTED.code }

/** A session in the room, which has heard so. */
function inRoom() {
  const one = oneConnection()
  one.online(uid, sid)
  one.answer({ marks: [], gids: [] })
  one.joinRoom(rid)
  one.answer({ topic: 1, gid: 1 })
  one.flush()
  one.written.length = one.told.length = 0
  const homeIsLost = () => forgetTopicsOf(one.context, 0)
  const homeIsReplaced = () => {
    homeIsLost()
    resyncWith(one.context, 0)
    // The user's home is the same worker: it hears of the session first.
    one.answer({ marks: [], gids: [] })
  }
  const topic = () => one.session.rooms?.get(rid)?.topic?.key
  return { ...one, homeIsLost, homeIsReplaced, topic }
}

t.test('a repeated ROOM-JOIN that is answered with BUSY takes nobody out', t => {
  const { joinRoom, answer, told, homeIsLost, homeIsReplaced, topic } = inRoom()
  homeIsLost()
  joinRoom(rid)
  answer(BUSY)
  t.strictSame(told, [], 'the home is not told that it left')
  homeIsReplaced()
  answer({ topic: 7, gid: 1 })
  t.equal(topic(), topicKey(0, 7), 'the next home is asked to let it in')
  t.end()
})

t.test('a repeated ROOM-JOIN that is busy while the next home is still asked does not end that either', t => {
  const { clock, joinRoom, answer, homeIsReplaced, topic } = inRoom()
  homeIsReplaced()
  joinRoom(rid)
  answer(BUSY)
  answer(BUSY)
  clock.turn(300)
  answer({ topic: 7, gid: 1 })
  t.equal(topic(), topicKey(0, 7))
  t.end()
})

t.test('a ROOM-QUIT is not undone by a home that is asked again later', t => {
  const { clock, session, asked, written, quitRoom, answer, homeIsReplaced, flush } = inRoom()
  homeIsReplaced()
  answer(BUSY)
  quitRoom(rid)
  answer(NOT_MEMBER)
  clock.turn(300)
  flush()
  t.strictSame(written, [ackOf(Command.ROOM_QUIT)])
  t.equal(session.rooms?.get(rid), undefined)
  t.strictSame(asked, [], 'nobody asks to be let in again')
  t.end()
})

t.test('a ROOM-QUIT that its home answers too late is done', t => {
  const { session, told, quitRoom, answer } = inRoom()
  quitRoom(rid)
  answer(BUSY)
  t.equal(session.rooms?.get(rid), undefined)
  t.strictSame(told, ['roomQuit'], 'behind whatever the home was asked')
  t.end()
})

t.test('a join that was on its way when the session gave up does not let it in', t => {
  const { session, asked, joinRoom, quitRoom, topic, told } = inRoom()
  joinRoom(rid)
  quitRoom(rid)
  const [join, quit] = [asked.shift()!, asked.shift()!]
  quit.answer(BUSY)
  join.answer({ topic: 1, gid: 1 })
  t.equal(topic(), undefined)
  t.equal(session.rooms?.get(rid), undefined)
  t.strictSame(told, ['roomQuit'])
  t.end()
})

t.test('who may not come back into a room hears why', t => {
  const { session, written, answer, homeIsReplaced, flush } = inRoom()
  homeIsReplaced()
  answer(BLACKLISTED)
  flush()
  t.strictSame(written, [Command.ROOM_KICK_NTF])
  t.equal(session.rooms?.get(rid), undefined)
  t.end()
})
