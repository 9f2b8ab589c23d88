import { Pace } from '../admission/pace.ts'
import { type Refused, refused } from '../contract/answer.ts'
import type { LimitName } from '../contract/limits.ts'
import { Disconnect } from '../protocol/disconnect.ts'
import type { SessionContext } from './context.ts'
import { type Session, SessionState } from './session.ts'

/**
 * Counts one request of a session, whatever is in it.
 * @param bytes of the request @returns why it is refused: the session asks more than it may
 */
export function overPace(context: SessionContext, session: Session, bytes: number): Refused | undefined {
  const { pace: limit } = context.admission.limits
  if (limit === undefined) return undefined
  session.pace ??= new Pace()
  const now = context.clock.now()
  if (!limit.takeRequest(session.pace, now) && exceeded(context, session, 'requestsPerSecond')) {
    return refused('RATE_CALLER', 'too many requests in a second')
  }
  if (limit.takeBytes(session.pace, bytes, now) || !exceeded(context, session, 'requestBytesPerSecond'))
    return undefined
  if (rest(context, session, session.pace, bytes, now)) return undefined
  return refused('RATE_CALLER', 'too many bytes in a second')
}

/** It was told so. Who goes on for long is disconnected. */
export function refusedForPace(context: SessionContext, session: Session): void {
  const { pace: limit } = context.admission.limits
  const isLong = session.pace !== undefined && limit?.over(session.pace, context.clock.now())
  if (isLong === true) context.hub.kick(session, Disconnect.OVER_RATE)
}

function exceeded({ admission }: SessionContext, { uid, connection, state }: Session, name: LimitName): boolean {
  return state === SessionState.ONLINE
    ? admission.limits.exceeded(name, 'uid', uid)
    : admission.limits.exceeded(name, 'address', connection.peer.address)
}

/** What has arrived is carried out; nothing more is read until it would have been within the rate. @returns whether that can be done */
function rest({ admission, clock }: SessionContext, session: Session, pace: Pace, bytes: number, now: number): boolean {
  const limit = admission.limits.pace!
  if (!pace.isResting && !session.pause()) return false
  const leftMs = limit.oweBytes(pace, bytes, now)
  if (pace.isResting) return true
  pace.isResting = true
  const wake = () => {
    const more = limit.owedMs(pace, clock.now())
    if (more > 0 && session.state !== SessionState.CLOSED) {
      clock.after(more, wake)
      return
    }
    pace.isResting = false
    session.resume()
  }
  clock.after(leftMs, wake)
  return true
}
