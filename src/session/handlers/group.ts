import { Shed } from '../../admission/overload.ts'
import { isRefused, type Refused, refused } from '../../contract/answer.ts'
import type { Command } from '../../protocol/command.ts'
import { ErrorCode } from '../../protocol/error-code.ts'
import type { Gid } from '../../util/id.ts'
import type { SessionContext } from '../context.ts'
import type { ClientRequest } from '../request.ts'
import type { Session } from '../session.ts'

/** The session is in all groups of its user, so it knows how many there are. */
function tooManyGroups({ groups, uid }: Session, { admission }: SessionContext): Refused | undefined {
  const max = admission.limits.of('groupsPerUserMax')
  if (max === 0 || groups === undefined || groups.size < max) return undefined
  if (!admission.limits.exceeded('groupsPerUserMax', 'uid', uid)) return undefined
  return refused('RATE_USER', `too many groups: a user may be in ${max}`)
}

/** Whether the session may come into a group, as far as its worker can tell. */
export function mayJoinGroup(session: Session, context: SessionContext, gid: Gid): Refused | undefined {
  const { admission, placement } = context
  // Who is in it already goes on.
  if (session.groups?.get(gid) !== undefined) return undefined
  return admission.shedding.refuses(Shed.JOINS, placement.homeOf(gid)) ?? tooManyGroups(session, context)
}

/** Without a gid, or with 0, the gateway chooses one. */
export function handleGroupCreat(request: ClientRequest<typeof Command.GROUP_CREAT>): void {
  const { context, session } = request
  const { uid } = session
  const refusal = tooManyGroups(session, context) ?? context.admission.create(uid)
  if (refusal !== undefined) {
    request.refuse(refusal, { uid })
    return
  }
  create(request)
}

function create(request: ClientRequest<typeof Command.GROUP_CREAT>): void {
  const { context, session, body } = request
  const { uid, sid } = session
  const isChosen = body.gid !== undefined && body.gid !== 0
  const gid = (isChosen ? body.gid : context.newIds.next()) as Gid | undefined
  if (gid === undefined) {
    request.refuse(refused('BUSY'), { uid })
    return
  }
  const { name = '', desc = '' } = body
  request.ask(context.placement.homeOf(gid), 'groupCreate', { gid, uid, name, desc, sid }, answer => {
    const isTaken = isRefused(answer) && answer.refused === ErrorCode.NOT_ALLOWED.code
    // An app server may already have used this number: try the next.
    if (isTaken && !isChosen) create(request)
    else if (isRefused(answer)) request.refuse(answer, { uid, gid })
    else request.ack({ uid, gid })
  })
}
