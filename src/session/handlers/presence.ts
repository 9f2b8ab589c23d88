import { isRefused, type Refused, refused } from '../../contract/answer.ts'
import { GROUPS_PAGE } from '../../contract/page.ts'
import { StoredScope } from '../../contract/stored.ts'
import { Watch } from '../../contract/watch.ts'
import { Command } from '../../protocol/command.ts'
import { Disconnect } from '../../protocol/disconnect.ts'
import { encodeFrame } from '../../protocol/encode.ts'
import { ErrorCode } from '../../protocol/error-code.ts'
import { features } from '../../protocol/requests.ts'
import type { Gid } from '../../util/id.ts'
import { admitted, askedFor, giveUp, notAdmitted } from '../membership.ts'
import type { ClientRequest } from '../request.ts'
import { type Session, SessionState } from '../session.ts'
import { marksOf } from '../stored-marks.ts'

/** Groups of one session that are asked to let it in at the same time. */
const ATTACHED_AT_ONCE = 32

type Online = ClientRequest<typeof Command.ONLINE>

/** Signs a device in: its token, the home of its user, its groups, and then the ack before anything else. */
export function handleOnline(request: Online): void {
  const { context, session, body } = request
  const { uid, sid, token, app = '', version = '', ids } = body
  if (session.state !== SessionState.NEW) {
    request.refuse(refused('ONLINE_REFUSED'), { uid, sid })
    return
  }
  const barred = context.admission.signIn(session.connection)
  if (barred !== undefined) {
    request.refuse(barred, { uid, sid })
    context.hub.kick(session, barred.refused === ErrorCode.BUSY.code ? Disconnect.OVERLOAD : Disconnect.BAD_SIGN_INS)
    return
  }
  // Other words than this one, of clients newer than the gateway, are passed over.
  session.idsAsText = ids === 'text' && session.speaksJson
  const verdict = context.tokens.verify(token, uid, sid, Math.floor(context.clock.wall() / 1000))
  if (verdict !== 'good') {
    if (verdict === 'forged') context.admission.badSignIn(session.connection)
    request.refuse(refused('BAD_TOKEN'), { uid, sid })
    context.hub.kick(session, verdict === 'expired' ? Disconnect.EXPIRED_TOKEN : Disconnect.BAD_TOKEN)
    return
  }
  // What came for whom the connection wanted to be before is for nobody else.
  if (session.uid !== uid || session.sid !== sid) session.dropHeld()
  session.stored = undefined
  session.state = SessionState.SIGNING_IN
  Object.assign(session, { uid, sid, app, version })
  const args = { uid, sid, cid: session.cid, at: session.at, had: 0, app, version }
  context.calls.request(context.placement.homeOf(uid), 'userOnline', args, answer => {
    if (session.state !== SessionState.SIGNING_IN) return
    if (isRefused(answer) && answer.refused === ErrorCode.REPLACED.code) replaced(request, answer)
    else if (isRefused(answer)) notOnline(request, answer)
    else {
      if (answer.marks.length > 0) marksOf(session).inherit(answer.marks)
      attachGroups(request, answer.gids, () => complete(request))
    }
  })
}

/** The device has connected again since: nobody waits for this connection any more. */
function replaced(request: Online, refusal: Refused): void {
  const { context, session, body } = request
  request.refuse(refusal, { uid: body.uid, sid: body.sid })
  context.hub.kick(session, Disconnect.REPLACED)
}

/** The session is as if ONLINE had not been said, at the homes too: one that was only late is told to undo it. */
function notOnline(request: Online, refusal: Refused): void {
  const { context, session } = request
  const { calls, placement } = context
  const { uid, sid, cid } = session
  for (const membership of session.groups ?? []) giveUp(context, session, 'groups', membership)
  calls.tell(placement.homeOf(uid), 'userOffline', { uid, sid, cid, marks: [] })
  session.state = SessionState.NEW
  dropHeldStored(session)
  request.refuse(refusal, { uid, sid })
  for (const sayAgain of session.takePostponed()) sayAgain()
}

/** Stored pushes are given to it when it tries again; what else came for it is kept. */
function dropHeldStored(session: Session): void {
  const held = session.takeHeld()
  session.stored = undefined
  for (const { bytes, dataKind, mark } of held) if (mark === undefined) session.hold(bytes, dataKind)
}

/**
 * The session gets what the groups of its user say, before its ONLINE is acknowledged: some groups at a time, and page by page,
 * for a user may be in many.
 */
function attachGroups(request: Online, first: readonly Gid[], done: () => void): void {
  const { context, session } = request
  const { calls, placement } = context
  const { uid } = session
  let page = first
  let at = 0
  let open = 0
  let busy: Refused | undefined

  const goOn = () => {
    while (open < ATTACHED_AT_ONCE && at < page.length) {
      open++
      attach(request, page[at++]!, answered)
    }
    if (open > 0 || session.state !== SessionState.SIGNING_IN) return
    if (busy !== undefined) notOnline(request, busy)
    else if (page.length < GROUPS_PAGE) done()
    else nextPage()
  }
  const answered = (refusal: Refused | undefined) => {
    open--
    busy ??= refusal
    goOn()
  }
  const nextPage = () => {
    calls.request(placement.homeOf(uid), 'userGroups', { uid, num: GROUPS_PAGE, after: page.at(-1) }, answer => {
      if (isRefused(answer)) busy = answer
      page = isRefused(answer) ? [] : answer
      at = 0
      goOn()
    })
  }
  goOn()
}

/** @param answered gets the refusal of a home that does not answer; not to be a member any more is none */
function attach(request: Online, gid: Gid, answered: (refusal: Refused | undefined) => void): void {
  const { context, session } = request
  const { uid, sid, cid, at } = session
  const membership = askedFor(session, 'groups', gid)
  const had = session.stored?.upTo(StoredScope.GROUP, gid) ?? 0
  context.calls.request(context.placement.homeOf(gid), 'groupAttach', { gid, uid, sid, cid, at, had }, answer => {
    if (!isRefused(answer)) {
      admitted(context, session, 'groups', membership, answer.topic)
      answered(undefined)
      return
    }
    notAdmitted(context, session, 'groups', membership, answer)
    answered(answer.refused === ErrorCode.BUSY.code ? answer : undefined)
  })
}

function complete(request: Online): void {
  const { context, session } = request
  const { hub, broadcasts, catchUp, options, server } = context
  const { uid, sid } = session
  session.state = SessionState.ONLINE
  hub.countOnline(session, 1)
  const heartbeat = Math.max(1, Math.round(options.heartbeatMs / 1000))
  const limits = {
    frameBytes: options.frameBytesMax,
    requestsPerSecond: options.limits === 'enforce' ? options.requestsPerSecond : 0,
    rooms: options.roomsPerSessionMax,
  }
  request.ack({ uid, sid, heartbeat, server, features, limits })
  hub.release(session)
  if (!isOnline(session)) return
  broadcasts.join(session)
  const lacked = broadcasts.lackedBy(session)
  if (lacked !== undefined) catchUp.fellBehind(session, lacked)
  for (const sayAgain of session.takePostponed()) sayAgain()
}

/** What it has gathered may have been too much. */
function isOnline({ state }: Session): boolean {
  return state === SessionState.ONLINE
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
  const before = session.watches
  session.watches = next(before, bit)
  context.watchers.update(session, before)
  request.ack({ cmd })
}
