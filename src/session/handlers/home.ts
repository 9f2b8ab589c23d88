import { isRefused, type Refused } from '../../contract/answer.ts'
import type { Args, Methods, ReplyOf } from '../../contract/methods.ts'
import { pageOf } from '../../contract/page.ts'
import { Command } from '../../protocol/command.ts'
import type { AckOf, BodyOf, Request } from '../../protocol/requests.ts'
import type { Gid, Id, Rid, Uid } from '../../util/id.ts'
import type { SessionContext } from '../context.ts'
import type { Answerable } from '../request.ts'
import type { Session } from '../session.ts'
import { mayJoinGroup } from './group.ts'

/** A request that only asks a home and passes its answer on. */
interface Row<R extends Request, M extends keyof Methods> {
  readonly method: M
  /** Whose home is asked. */
  readonly of: (body: BodyOf<R>, session: Session) => Id
  readonly args: (body: BodyOf<R>, session: Session) => Args<M>
  /** The fields of the ack, whether the request was done or refused. */
  readonly fields: (body: BodyOf<R>, session: Session) => Partial<AckOf<R>>
  /** Why it is not even asked. */
  readonly refuse?: (body: BodyOf<R>, session: Session, context: SessionContext) => Refused | undefined
  /** What the ack says besides when it was done. */
  readonly more?: (answer: ReplyOf<M>) => Partial<AckOf<R>>
}

function asks<R extends Request, M extends keyof Methods>({ method, of, args, fields, refuse, more }: Row<R, M>) {
  return (request: Answerable<BodyOf<R>, AckOf<R>>): void => {
    const { context, session, body } = request
    const known = fields(body, session)
    const refusal = refuse?.(body, session, context)
    if (refusal !== undefined) {
      request.refuse(refusal, known)
      return
    }
    request.ask(context.placement.homeOf(of(body, session)), method, args(body, session), answer => {
      if (isRefused(answer)) request.refuse(answer, known)
      else request.ack({ ...known, ...more?.(answer) } as AckOf<R>)
    })
  }
}

interface OfGroup {
  readonly gid: Gid
}
interface OfMember extends OfGroup {
  readonly uid: Uid
}
interface OfRoom {
  readonly rid: Rid
}
interface OfOther {
  readonly duid: Uid
}

const group = ({ gid }: OfGroup) => gid
const room = ({ rid }: OfRoom) => rid
const sender = (_body: object, { uid }: Session) => uid
const senderInGroup = ({ gid }: OfGroup, { uid }: Session) => ({ uid, gid })
const senderInRoom = ({ rid }: OfRoom, { uid }: Session) => ({ uid, rid })
/** The member in question, not the sender. */
const member = ({ uid, gid }: OfMember) => ({ uid, gid })
const memberBy = ({ uid, gid }: OfMember, session: Session) => ({ uid, gid, by: session.uid })

const gag = (on: boolean) =>
  asks<typeof Command.GROUP_GAG_ADD, 'groupGag'>({
    method: 'groupGag',
    of: group,
    // Without a uid, or with 0: everybody.
    args: ({ uid = 0, gid }, session) => ({ gid, uid, on, by: session.uid }),
    fields: ({ uid = 0, gid }) => ({ uid, gid }),
  })
const blacklist = (on: boolean) =>
  asks<typeof Command.GROUP_BL_ADD, 'groupBlacklist'>({
    method: 'groupBlacklist',
    of: group,
    args: (body, session) => ({ ...memberBy(body, session), on }),
    fields: member,
  })
const manager = (on: boolean) =>
  asks<typeof Command.GROUP_MGR_ADD, 'groupManager'>({
    method: 'groupManager',
    of: group,
    args: (body, session) => ({ ...memberBy(body, session), on }),
    fields: member,
  })
/** A blocked user's chats are refused. A muted user's chats are accepted and not delivered. */
const relation = (relation: 'block' | 'mute', on: boolean) =>
  asks<typeof Command.BLACKLIST_ADD, 'userRelation'>({
    method: 'userRelation',
    of: sender,
    args: ({ duid }: OfOther, { uid }) => ({ uid, other: duid, relation, on }),
    fields: ({ duid }, { uid }) => ({ suid: uid, duid }),
  })

/** The requests that are carried out at a home alone, a row each. */
export const homeRequests = {
  [Command.BLACKLIST_ADD]: relation('block', true),
  [Command.BLACKLIST_DEL]: relation('block', false),
  [Command.GAG_ADD]: relation('mute', true),
  [Command.GAG_DEL]: relation('mute', false),

  [Command.GROUP_DISMISS]: asks<typeof Command.GROUP_DISMISS, 'groupDismiss'>({
    method: 'groupDismiss',
    of: group,
    args: ({ gid }, { uid }) => ({ gid, by: uid }),
    fields: senderInGroup,
  }),
  [Command.GROUP_JOIN]: asks<typeof Command.GROUP_JOIN, 'groupJoin'>({
    method: 'groupJoin',
    of: group,
    args: ({ gid }, { uid, sid }) => ({ gid, uid, sid }),
    fields: senderInGroup,
    refuse: ({ gid }, session, context) => mayJoinGroup(session, context, gid),
  }),
  [Command.GROUP_QUIT]: asks<typeof Command.GROUP_QUIT, 'groupQuit'>({
    method: 'groupQuit',
    of: group,
    args: ({ gid }, { uid, sid }) => ({ gid, uid, sid }),
    fields: senderInGroup,
  }),
  [Command.GROUP_INVITE]: asks<typeof Command.GROUP_INVITE, 'groupInvite'>({
    method: 'groupInvite',
    of: group,
    args: ({ gid, to }, { uid }) => ({ gid, to, by: uid }),
    fields: ({ gid, to }, { uid }) => ({ uid, gid, to }),
  }),
  [Command.GROUP_KICK]: asks<typeof Command.GROUP_KICK, 'groupKick'>({
    method: 'groupKick',
    of: group,
    args: memberBy,
    fields: member,
  }),
  [Command.GROUP_GAG_ADD]: gag(true),
  [Command.GROUP_GAG_DEL]: gag(false),
  [Command.GROUP_BL_ADD]: blacklist(true),
  [Command.GROUP_BL_DEL]: blacklist(false),
  [Command.GROUP_MGR_ADD]: manager(true),
  [Command.GROUP_MGR_DEL]: manager(false),
  [Command.GROUP_USR_LIST]: asks<typeof Command.GROUP_USR_LIST, 'groupMembers'>({
    method: 'groupMembers',
    of: group,
    args: ({ gid, num, after }, { uid }) => ({ gid, ...pageOf(num, after || undefined), by: uid }),
    fields: ({ gid }) => ({ gid }),
    more: ({ list }) => ({ list }),
  }),

  [Command.GROUP_LIST]: asks<typeof Command.GROUP_LIST, 'userGroups'>({
    method: 'userGroups',
    of: sender,
    args: ({ num, after }, { uid }) => ({ uid, ...pageOf(num, after || undefined) }),
    fields: (_body, { uid }) => ({ uid }),
    more: gids => ({ list: gids.map(gid => ({ gid })) }),
  }),

  [Command.ROOM_DISMISS]: asks<typeof Command.ROOM_DISMISS, 'roomDismiss'>({
    method: 'roomDismiss',
    of: room,
    args: ({ rid }, { uid }) => ({ rid, by: uid }),
    fields: senderInRoom,
  }),
  [Command.ROOM_KICK]: asks<typeof Command.ROOM_KICK, 'roomKick'>({
    method: 'roomKick',
    of: room,
    args: ({ uid, rid }, session) => ({ rid, uid, by: session.uid }),
    fields: ({ uid, rid }) => ({ uid, rid }),
  }),
} as const
