import type { Handlers } from '../contract/calls.ts'
import type { Methods } from '../contract/methods.ts'
import { Disconnect } from '../protocol/disconnect.ts'
import { DataKind } from '../protocol/json-format.ts'
import type { SessionContext } from '../session/context.ts'
import { left, takenIn } from '../session/membership.ts'
import type { Cid } from '../util/id.ts'
import { enterGroups } from './resync.ts'

type SessionMethods = Pick<Handlers<Methods>, Extract<keyof Methods, `session${string}`>>

/** The methods that homes call at the worker of a session. A session that is gone by then is ignored. */
export function sessionCalls(context: SessionContext): SessionMethods {
  const { hub } = context
  const send = (cid: Cid, notice: Buffer | undefined) => {
    const session = hub.get(cid)
    if (session !== undefined && notice !== undefined) hub.deliver(session, notice, DataKind.BYTES)
  }
  return {
    sessionBroadcast: broadcast => ({ total: context.broadcasts.publish(broadcast) }),
    sessionBroadcastKept: broadcast => {
      context.broadcasts.keep(broadcast)
      return {}
    },
    sessionBroadcastRefused: ({ msgid }) => {
      context.broadcasts.forget(msgid)
      return {}
    },
    sessionBehind: ({ cid, sid, ...range }) => {
      const session = hub.get(cid)
      if (session?.sid === sid) context.catchUp.fellBehind(session, range)
      return {}
    },
    sessionReplaced: ({ cid }) => {
      const session = hub.get(cid)
      if (session !== undefined) hub.kick(session, Disconnect.REPLACED)
      return {}
    },
    sessionRooms: ({ cids }) => cids.flatMap(cid => Array.from(hub.get(cid)?.rooms ?? [], ({ id }) => id)),
    sessionLeftRoom: ({ cid, rid, notice }) => {
      const session = hub.get(cid)
      if (session !== undefined) left(context, session, 'rooms', rid)
      send(cid, notice)
      return {}
    },
    sessionInGroup: ({ cid, sid, gid, topic, notice }) => {
      const session = hub.get(cid)
      if (session?.sid === sid) {
        takenIn(context, session, 'groups', gid, topic)
        send(cid, notice)
      } else {
        // It went while it was let in, or another signed in over its connection: nobody else would tell the home.
        context.calls.tell(context.placement.homeOf(gid), 'groupDetach', { gid, sid, cid })
      }
      return {}
    },
    sessionLeftGroup: ({ cid, gid, notice }) => {
      const session = hub.get(cid)
      if (session !== undefined) left(context, session, 'groups', gid)
      send(cid, notice)
      return {}
    },
    sessionGroups: ({ cid, gids }) => {
      const session = hub.get(cid)
      if (session !== undefined) enterGroups(context, session, gids)
      return {}
    },
    sessionRoomCounts: ({ rid, watch, frame }) => {
      context.watchers.notify(rid, watch, frame)
      return {}
    },
  }
}
