import t from 'tap'
import { PaceLimit } from '#dist/admission/pace.js'
import { Command } from '#dist/protocol/command.js'
import { encodeFrame } from '#dist/protocol/encode.js'
import type { SessionContext } from '#dist/session/context.js'
import { dispatchBinary } from '#dist/session/dispatch.js'
import { SessionState } from '#dist/session/session.js'
import { oneConnection } from '../support/one-connection.js'

const { limits } = oneConnection().context.admission

function paced(requests: number, isEnforced: boolean) {
  const one = oneConnection()
  const exceeded = () => isEnforced
  const admission = { ...one.context.admission, limits: { ...limits, exceeded, pace: new PaceLimit(requests, 0) } }
  const context = { ...one.context, admission } as unknown as SessionContext
  one.session.state = SessionState.ONLINE
  const ping = () => dispatchBinary(context, one.session, encodeFrame(Command.PING, 1))
  return { ...one, ping, hub: context.hub }
}

t.test('a session that asks too much for ten seconds is kicked, one that pauses is not', async t => {
  const { clock, session, written, ping } = paced(2, true)
  for (let ms = 0; ms < 9500; ms += 100) {
    ping()
    clock.turn(100)
  }
  t.equal(session.state, SessionState.ONLINE, 'not before')
  for (let ms = 0; ms < 1000 && session.state === SessionState.ONLINE; ms += 100) {
    ping()
    clock.turn(100)
  }
  t.equal(session.state, SessionState.CLOSED)
  t.ok(written.includes(Command.KICK), 'and hears why')

  const other = paced(2, true)
  for (let ms = 0; ms < 60_000; ms += 100) {
    // Two seconds in ten it says nothing.
    if (ms % 10_000 < 8000) other.ping()
    other.clock.turn(100)
  }
  t.equal(other.session.state, SessionState.ONLINE)
})

t.test('limits that observe kick nobody', async t => {
  const { clock, session, ping } = paced(2, false)
  for (let ms = 0; ms < 30_000; ms += 100) {
    ping()
    clock.turn(100)
  }
  t.equal(session.state, SessionState.ONLINE)
})
