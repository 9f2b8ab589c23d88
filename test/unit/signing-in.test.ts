import t from 'tap'
import type { Answer } from '#dist/contract/answer.js'
import { numbersOf } from '#dist/contract/generation.js'
import { ListenerType } from '#dist/contract/listener.js'
import { localPlacement } from '#dist/contract/placement.js'
import { Fanout } from '#dist/fanout/fanout.js'
import { Command } from '#dist/protocol/command.js'
import { encodeFrame } from '#dist/protocol/encode.js'
import { Fate } from '#dist/protocol/fate.js'
import { DataKind } from '#dist/protocol/json-format.js'
import { Broadcasts } from '#dist/session/broadcasts.js'
import type { SessionContext } from '#dist/session/context.js'
import { handleOnline } from '#dist/session/handlers/presence.js'
import { Hub } from '#dist/session/hub.js'
import { ClientRequest } from '#dist/session/request.js'
import type { Connection } from '#dist/transport/connection.js'
import { systemClock } from '#dist/util/clock.js'
import type { Gid, Sid, Uid } from '#dist/util/id.js'
import { sessionCalls } from '#dist/worker/session-calls.js'

const ids = <T>(...numbers: number[]) => numbers as unknown as T[]
const [first, second] = ids<Uid>(11, 12) as [Uid, Uid]
const [firstSid, secondSid] = ids<Sid>(21, 22) as [Sid, Sid]
const [gid] = ids<Gid>(31) as [Gid]

/** One connection, with what the homes are asked and told. */
function oneConnection() {
  const clock = systemClock(defect => {
    throw defect
  })
  const written: number[] = []
  const asked: ((answer: Answer<object>) => void)[] = []
  const told: string[] = []
  const calls = {
    request: (_to: number, _method: string, _args: object, onAnswer: (answer: Answer<object>) => void) =>
      asked.push(onAnswer),
    tell: (_to: number, method: string) => told.push(method),
  }
  const hub = new Hub(clock, numbersOf(0), 1 << 20, {
    left: () => undefined,
    online: () => undefined,
    closing: () => undefined,
    dropped: () => undefined,
    wake: () => undefined,
    onDefect: defect => {
      throw defect
    },
  })
  const stats = { published: () => undefined, flushed: () => undefined, settled: () => undefined }
  const fanout = new Fanout(clock, 0, false, stats, () => undefined)
  const context = {
    options: { heartbeatMs: 1000 },
    clock,
    calls,
    hub,
    fanout,
    placement: localPlacement(0, 1),
    tokens: { verify: () => 'good' },
    broadcasts: new Broadcasts(clock, hub, fanout),
  } as unknown as SessionContext
  const connection = {
    listener: ListenerType.TCP,
    write: (payload: Buffer) => {
      for (let at = 0; at < payload.length; at += 4 + payload.readUInt32BE(at))
        written.push(payload.readUInt16BE(at + 4))
      return Fate.TAKEN
    },
  } as unknown as Connection
  const session = hub.open(connection)
  const online = (uid: Uid, sid: Sid) =>
    handleOnline(new ClientRequest(context, session, Command.ONLINE, 1, { uid, sid, token: 'any' }))
  return { context, hub, session, written, asked, told, online }
}

const BUSY = { refused: 10003 }
const chat = () => encodeFrame(Command.CHAT, 0, { suid: 1 })

t.test('what came for one user does not go to another who signs in over the same connection', async t => {
  const { hub, session, written, asked, online } = oneConnection()
  online(first, firstSid)
  hub.deliver(session, chat(), DataKind.BYTES)
  asked.shift()!(BUSY)
  online(second, secondSid)
  asked.shift()!({ broadcastsSeen: 0, gids: [] })
  hub.flush()
  t.notOk(written.includes(Command.CHAT))
})

t.test('what came for a user whose sign-in was refused as busy is there when he tries again', async t => {
  const { hub, session, written, asked, online } = oneConnection()
  online(first, firstSid)
  hub.deliver(session, chat(), DataKind.BYTES)
  asked.shift()!(BUSY)
  online(first, firstSid)
  asked.shift()!({ broadcastsSeen: 0, gids: [] })
  hub.flush()
  t.ok(written.includes(Command.CHAT))
})

t.test('the group of one user does not take in another who signed in over the same connection', async t => {
  const { context, session, told, asked, online } = oneConnection()
  online(first, firstSid)
  asked.shift()!(BUSY)
  online(second, secondSid)
  asked.shift()!({ broadcastsSeen: 0, gids: [] })
  told.length = 0
  sessionCalls(context).sessionInGroup({ cid: session.cid, sid: firstSid, gid, topic: 1 }, 0)
  t.equal(session.groups?.get(gid), undefined)
  t.strictSame(told, ['groupDetach'])
})
