import { isRefused, type Refused, refused } from '../../contract/answer.ts'
import { Watch } from '../../contract/watch.ts'
import { Command } from '../../protocol/command.ts'
import { Disconnect } from '../../protocol/disconnect.ts'
import { encodeFrame } from '../../protocol/encode.ts'
import { ErrorCode } from '../../protocol/error-code.ts'
import type { Gid } from '../../util/id.ts'
import { admitted, askedFor, left, NOTHING_SEEN, notAdmitted } from '../membership.ts'
import type { ClientRequest } from '../request.ts'
import { SessionState } from '../session.ts'

type Online = ClientRequest<typeof Command.ONLINE>

/** Signs a device in: its token, the home of its user, its groups, and then the ack before anything else. */
export function handleOnline(request: Online): void {
  const { context, session, body } = request
  const { uid, sid, token, app = '', version = '' } = body
  if (session.state !== SessionState.NEW) {
    request.refuse(refused('ONLINE_REFUSED'), { uid, sid })
    return
  }
  const verdict = context.tokens.verify(token, uid, sid, Math.floor(context.clock.wall() / 1000))
  if (verdict !== 'good') {
    request.refuse(refused('BAD_TOKEN'), { uid, sid })
    context.hub.kick(session, verdict === 'expired' ? Disconnect.EXPIRED_TOKEN : Disconnect.BAD_TOKEN)
    return
  }
  session.state = SessionState.SIGNING_IN
  Object.assign(session, { uid, sid, app, version })
  const args = { uid, sid, cid: session.cid, app, version }
  context.calls.request(context.placement.homeOf(uid), 'userOnline', args, answer => {
    if (session.state !== SessionState.SIGNING_IN) return
    if (isRefused(answer)) notOnline(request, answer)
    else attachGroups(request, answer.gids, () => complete(request, answer.broadcastsSeen))
  })
}

/** Undoes the ONLINE, at the homes too: a home that was only late must not keep the session. */
function notOnline(request: Online, refusal: Refused): void {
  const { context, session } = request
  const { calls, placement } = context
  const { uid, sid, cid } = session
  for (const { id: gid } of session.groups ?? []) {
    left(context, session, 'groups', gid)
    calls.tell(placement.homeOf(gid), 'groupDetach', { gid, sid, cid })
  }
  calls.tell(placement.homeOf(uid), 'userOffline', { uid, sid, cid, broadcasts: NOTHING_SEEN })
  session.state = SessionState.NEW
  request.refuse(refusal, { uid, sid })
  for (const sayAgain of session.takePostponed()) sayAgain()
}

/** Attaches the session to the groups of its user before the ONLINE is acknowledged. */
function attachGroups(request: Online, gids: readonly Gid[], done: () => void): void {
  const { context, session } = request
  const { uid, sid, cid } = session
  let waiting = gids.length
  let busy: Refused | undefined
  if (waiting === 0) done()
  for (const gid of gids) {
    askedFor(session, 'groups', gid)
    context.calls.request(context.placement.homeOf(gid), 'groupAttach', { gid, uid, sid, cid }, answer => {
      if (!isRefused(answer)) admitted(context, session, 'groups', gid, answer.topic)
      else {
        notAdmitted(context, session, 'groups', gid, answer)
        // A group that the user has left is no reason to refuse; a home that does not answer is.
        if (answer.refused === ErrorCode.BUSY.code) busy = answer
      }
      if (--waiting > 0 || session.state !== SessionState.SIGNING_IN) return
      if (busy === undefined) done()
      else notOnline(request, busy)
    })
  }
}

function complete(request: Online, broadcastsSeen: number): void {
  const { context, session } = request
  const { hub, broadcasts, options } = context
  const { uid, sid } = session
  const held = session.takeHeld()
  session.state = SessionState.ONLINE
  hub.countOnline(session, 1)
  request.ack({ uid, sid, heartbeat: Math.max(1, Math.round(options.heartbeatMs / 1000)) })
  for (const { frame, dataKind } of held) hub.send(session, frame, dataKind)
  broadcasts.join(session)
  broadcasts.catchUp(session, broadcastsSeen)
  for (const sayAgain of session.takePostponed()) sayAgain()
}

export function handleOffline(request: ClientRequest<typeof Command.OFFLINE>): void {
  request.ack({})
  request.context.hub.close(request.session, Disconnect.OFFLINE)
}

export function handlePing({ context, session, seq }: ClientRequest<typeof Command.PING>): void {
  context.hub.send(session, encodeFrame(Command.PONG, seq))
}

const watchOf = new Map<number, number>([
  [Command.ROOM_USR_NUM, Watch.ROOM_USR_NUM],
  [Command.ROOM_LSN_STAT, Watch.ROOM_LSN_STAT],
])

export function handleSub(request: ClientRequest<typeof Command.SUB>): void {
  watch(request, (watches, bit) => watches | bit)
}

export function handleUnsub(request: ClientRequest<typeof Command.UNSUB>): void {
  watch(request, (watches, bit) => watches & ~bit)
}

function watch(
  request: ClientRequest<typeof Command.SUB> | ClientRequest<typeof Command.UNSUB>,
  next: (watches: number, bit: number) => number,
): void {
  const { context, session, body } = request
  const { cmd } = body
  const bit = watchOf.get(cmd)
  if (bit === undefined) {
    request.refuse(refused('BAD_BODY', `cmd: 0x0410 or 0x0412 can be subscribed to, not ${cmd}`), { cmd })
    return
  }
  session.watches = next(session.watches, bit)
  context.watchers.update(session)
  request.ack({ cmd })
}
