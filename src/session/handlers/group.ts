import { isRefused, refused } from '../../contract/answer.ts'
import type { Command } from '../../protocol/command.ts'
import { ErrorCode } from '../../protocol/error-code.ts'
import type { Gid } from '../../util/id.ts'
import type { ClientRequest } from '../request.ts'

/** Without a gid, or with 0, the gateway chooses one. */
export function handleGroupCreat(request: ClientRequest<typeof Command.GROUP_CREAT>): void {
  const { context, session, body } = request
  const { uid, sid } = session
  const isChosen = body.gid !== undefined && body.gid !== 0
  const gid = (isChosen ? body.gid : context.newIds.next()) as Gid | undefined
  if (gid === undefined) {
    request.refuse(refused('BUSY'), { uid })
    return
  }
  const { name = '', desc = '' } = body
  context.calls.request(context.placement.homeOf(gid), 'groupCreate', { gid, uid, name, desc, sid }, answer => {
    const isTaken = isRefused(answer) && answer.refused === ErrorCode.NOT_ALLOWED.code
    // An app server may already have used this number: try the next.
    if (isTaken && !isChosen) handleGroupCreat(request)
    else if (isRefused(answer)) request.refuse(answer, { uid, gid })
    else request.ack({ uid, gid })
  })
}
