import type { Answer } from '#dist/contract/answer.js'
import { numbersOf } from '#dist/contract/generation.js'
import { ListenerType } from '#dist/contract/listener.js'
import { localPlacement } from '#dist/contract/placement.js'
import { Fanout } from '#dist/fanout/fanout.js'
import { Command } from '#dist/protocol/command.js'
import type { Disconnect } from '#dist/protocol/disconnect.js'
import { Fate } from '#dist/protocol/fate.js'
import { Broadcasts } from '#dist/session/broadcasts.js'
import { CatchUp } from '#dist/session/catch-up.js'
import type { SessionContext } from '#dist/session/context.js'
import { handleOnline } from '#dist/session/handlers/presence.js'
import { handleRoomJoin, handleRoomQuit } from '#dist/session/handlers/room.js'
import { Hub } from '#dist/session/hub.js'
import { leaveEverything } from '#dist/session/membership.js'
import { ClientRequest } from '#dist/session/request.js'
import { Watchers } from '#dist/session/watchers.js'
import type { Connection } from '#dist/transport/connection.js'
import type { Rid, Sid, Uid } from '#dist/util/id.js'
import { NO_LIMITS } from './no-limits.js'
import { TurnedClock } from './turned-clock.js'

export const BUSY = { refused: 10009 }

/** What a home was asked and has not answered. */
interface Question {
  readonly method: string
  answer(answer: Answer<object>): void
}

/** One connection of a worker, and what it writes; with what the homes are asked and told, whose answers are for the test. */
export function oneConnection() {
  const clock = new TurnedClock()
  const written: number[] = []
  const asked: Question[] = []
  const told: string[] = []
  const calls = {
    request: (_to: number, method: string, _args: object, answer: Question['answer']) => asked.push({ method, answer }),
    tell: (_to: number, method: string) => told.push(method),
  }
  const hub = new Hub(clock, numbersOf(0), 1 << 20, {
    left: (session, state) => leaveEverything(context, session, state),
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
  const placement = localPlacement(0, 1)
  const broadcasts = new Broadcasts(clock, hub, fanout)
  const services = { calls, placement, clock, options: { writerBytesMax: 1 << 20 }, hub, broadcasts }
  const catchUp = new CatchUp(services as unknown as ConstructorParameters<typeof CatchUp>[0])
  const context = {
    options: { heartbeatMs: 1000, roomsPerSessionMax: 10, requestsOpenMax: 10 },
    admission: {
      signIn: () => undefined,
      limits: { ...NO_LIMITS, pace: undefined },
      shedding: { refuses: () => undefined },
    },
    clock,
    calls,
    hub,
    fanout,
    placement,
    tokens: { verify: () => 'good' },
    broadcasts,
    catchUp,
    watchers: new Watchers(hub),
  } as unknown as SessionContext
  const connection = {
    listener: ListenerType.TCP,
    bytesWaiting: 0,
    write: (payload: Buffer) => {
      for (let at = 0; at < payload.length; at += 4 + payload.readUInt32BE(at))
        written.push(payload.readUInt16BE(at + 4))
      return Fate.TAKEN
    },
    end: (_reason: Disconnect, last: Buffer | undefined) => {
      if (last !== undefined) connection.write(last, true, false)
    },
  } as unknown as Connection
  const session = hub.open(connection)
  const online = (uid: Uid, sid: Sid) =>
    handleOnline(new ClientRequest(context, session, Command.ONLINE, 1, { uid, sid, token: 'any' }))
  return {
    clock,
    context,
    session,
    written,
    asked,
    told,
    online,
    joinRoom: (rid: Rid) => handleRoomJoin(new ClientRequest(context, session, Command.ROOM_JOIN, 2, { rid })),
    quitRoom: (rid: Rid) => handleRoomQuit(new ClientRequest(context, session, Command.ROOM_QUIT, 3, { rid })),
    /** The oldest question gets its answer. */
    answer: (answer: Answer<object>) => asked.shift()!.answer(answer),
    /** The end of the turn. */
    flush() {
      catchUp.goOn()
      hub.flush()
      fanout.flush()
    },
  }
}
