import type { Handlers } from '../bus/calls.ts'
import type { Methods } from '../contract/methods.ts'
import { Disconnect } from '../protocol/disconnect.ts'
import { DataKind } from '../protocol/json-format.ts'
import type { Gate } from '../session/gate.ts'
import { admitted, left } from '../session/membership.ts'
import type { Id } from '../util/id.ts'

type SessionMethods = Pick<Handlers<Methods>, Extract<keyof Methods, `session${string}`>>

/** What owners ask of the worker of a session. A session that is gone by then is passed over. */
export function sessionCalls(gate: Gate): SessionMethods {
  const { hub } = gate
  const send = (cid: Id, notice: Buffer | undefined) => {
    const session = hub.get(cid)
    if (session !== undefined && notice !== undefined) hub.deliver(session, notice, DataKind.BYTES)
  }
  return {
    sessionBroadcast: ({ dataKind, ...broadcast }) => ({
      total: gate.broadcasts.publish({ ...broadcast, dataKind: dataKind as DataKind }),
    }),
    sessionReplaced: ({ cid }) => {
      const session = hub.get(cid)
      if (session !== undefined) hub.kick(session, Disconnect.REPLACED)
      return {}
    },
    sessionRooms: ({ cids }) => cids.flatMap(cid => Array.from(hub.get(cid)?.rooms ?? [], ({ id }) => id)),
    sessionLeftRoom: ({ cid, rid, notice }) => {
      const session = hub.get(cid)
      if (session !== undefined) left(gate, session, 'rooms', rid)
      send(cid, notice)
      return {}
    },
    sessionInGroup: ({ cid, sid, gid, topic, notice }) => {
      const session = hub.get(cid)
      if (session !== undefined) admitted(gate, session, 'groups', gid, topic)
      // It went while it was let in: nobody else would tell the owner.
      else gate.calls.tell(gate.placement.ownerOf(gid), 'groupDetach', { gid, sid, cid })
      send(cid, notice)
      return {}
    },
    sessionLeftGroup: ({ cid, gid, notice }) => {
      const session = hub.get(cid)
      if (session !== undefined) left(gate, session, 'groups', gid)
      send(cid, notice)
      return {}
    },
    sessionRoomCounts: ({ rid, watch, frame }) => {
      gate.watchers.notify(rid, watch, frame)
      return {}
    },
  }
}
