import t from 'tap'
import { topicKey } from '#dist/contract/topics.js'
import { ackOf, Command } from '#dist/protocol/command.js'
import { Disconnect } from '#dist/protocol/disconnect.js'
import { encodeFrame } from '#dist/protocol/encode.js'
import { DataKind } from '#dist/protocol/json-format.js'
import type { Gid, Sid, Uid } from '#dist/util/id.js'
import { sessionCalls } from '#dist/worker/session-calls.js'
import { BUSY, oneConnection } from '../support/one-connection.js'

const ids = <T>(...numbers: number[]) => numbers as unknown as T[]
const [first, second] = ids<Uid>(11, 12) as [Uid, Uid]
const [firstSid, secondSid] = ids<Sid>(21, 22) as [Sid, Sid]
const [gid] = ids<Gid>(31) as [Gid]
const ONLINE_ACK = ackOf(Command.ONLINE)

const chat = () => encodeFrame(Command.CHAT, 0, { suid: 1 })

t.test('what came for one user does not go to another who signs in over the same connection', async t => {
  const { context, session, written, answer, online, flush } = oneConnection()
  online(first, firstSid)
  context.hub.deliver(session, chat(), DataKind.BYTES)
  answer(BUSY)
  online(second, secondSid)
  answer({ marks: [], gids: [] })
  flush()
  t.notOk(written.includes(Command.CHAT))
})

t.test('what came for a user whose sign-in was refused as busy is there when he tries again', async t => {
  const { context, session, written, answer, online, flush } = oneConnection()
  online(first, firstSid)
  context.hub.deliver(session, chat(), DataKind.BYTES)
  answer(BUSY)
  online(first, firstSid)
  answer({ marks: [], gids: [] })
  flush()
  t.ok(written.includes(Command.CHAT))
})

t.test('the group of one user does not take in another who signed in over the same connection', async t => {
  const { context, session, told, answer, online } = oneConnection()
  online(first, firstSid)
  answer(BUSY)
  online(second, secondSid)
  answer({ marks: [], gids: [] })
  told.length = 0
  sessionCalls(context).sessionInGroup({ cid: session.cid, sid: firstSid, gid, topic: 1 }, 0)
  t.equal(session.groups?.get(gid), undefined)
  t.strictSame(told, ['groupDetach'])
})

const says = (frame: Buffer) => [frame, 0, frame.length, DataKind.BYTES] as const
const groupChat = () => encodeFrame(Command.GROUP_CHAT, 0, { gid, text: 'one' })

t.test('what a group says waits for the ONLINE-ACK', t => {
  const { context, written, answer, online, flush } = oneConnection()
  online(first, firstSid)
  answer({ marks: [], gids: [gid, 32] })
  answer({ topic: 1 })
  context.fanout.publish(topicKey(0, 1), ...says(groupChat()))
  flush()
  t.strictSame(written, [], 'the other group has not answered')
  answer({ topic: 2 })
  flush()
  t.strictSame(written, [ONLINE_ACK, Command.GROUP_CHAT])
  t.end()
})

t.test('more than may wait for the ONLINE-ACK ends the session', t => {
  const { context, session, written, answer, online, flush } = oneConnection()
  online(first, firstSid)
  answer({ marks: [], gids: [gid, 32] })
  answer({ topic: 1 })
  const long = encodeFrame(Command.GROUP_CHAT, 0, { gid, text: 'x'.repeat(60_000) })
  for (let count = 0; count < 20; count++) {
    context.fanout.publish(topicKey(0, 1), ...says(long))
    flush()
  }
  answer({ topic: 2 })
  flush()
  t.equal(context.hub.get(session.cid), undefined)
  t.strictSame(written, [Command.KICK])
  t.end()
})

t.test('a session that ends before its ONLINE-ACK gets nothing of its groups', t => {
  const { context, session, written, answer, online, flush } = oneConnection()
  online(first, firstSid)
  answer({ marks: [], gids: [gid, 32] })
  answer({ topic: 1 })
  context.fanout.publish(topicKey(0, 1), ...says(groupChat()))
  context.hub.kick(session, Disconnect.REPLACED)
  flush()
  t.strictSame(written, [Command.KICK])
  t.end()
})

t.test('what a topic holds comes behind the ONLINE-ACK and before the KICK', t => {
  const { context, session, written, answer, online, flush } = oneConnection()
  online(first, firstSid)
  answer({ marks: [], gids: [gid] })
  answer({ topic: 1 })
  context.fanout.publish(topicKey(0, 1), ...says(groupChat()))
  context.hub.kick(session, Disconnect.REPLACED)
  flush()
  t.strictSame(written, [ONLINE_ACK, Command.GROUP_CHAT, Command.KICK])
  t.end()
})

t.test('what fills a flush in the middle of a turn does not overtake the ONLINE-ACK', t => {
  const { context, written, answer, online, flush } = oneConnection()
  online(first, firstSid)
  answer({ marks: [], gids: [gid] })
  answer({ topic: 1 })
  context.fanout.publish(topicKey(0, 1), ...says(encodeFrame(Command.GROUP_CHAT, 0, { gid, text: 'x'.repeat(70_000) })))
  flush()
  t.strictSame(written, [ONLINE_ACK, Command.GROUP_CHAT])
  t.end()
})

t.test('what comes to a session whose ONLINE was refused waits for the next one', t => {
  const { context, session, written, answer, online, flush } = oneConnection()
  online(first, firstSid)
  answer(BUSY)
  context.hub.deliver(session, chat(), DataKind.BYTES)
  flush()
  t.strictSame(written, [ONLINE_ACK], 'the refusal')
  online(first, firstSid)
  answer({ marks: [], gids: [] })
  flush()
  t.strictSame(written, [ONLINE_ACK, ONLINE_ACK, Command.CHAT])
  t.end()
})

t.test('a push to everybody that its worker found on the disk before it heard of it comes once', t => {
  const { context, written, answer, online, flush } = oneConnection()
  const frame = encodeFrame(Command.BC, 0, { msgid: 7 })
  const broadcast = { msgid: 7, frame, dataKind: DataKind.BYTES, expiresAt: context.clock.wall() + 60_000 }
  context.broadcasts.restore([broadcast])
  online(first, firstSid)
  answer({ marks: [], gids: [] })
  t.equal(context.broadcasts.publish(broadcast), 1, 'he is counted')
  flush()
  t.strictSame(written, [ONLINE_ACK, Command.BC])
  t.end()
})
