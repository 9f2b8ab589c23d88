import { type ChatRecord, ChatScope } from '#dist/contract/records.js'
import type { Line } from '#dist/shard/line.js'
import { decodeBinary } from '../../support/codec.js'
import { textOf } from '../beliefs.js'
import type { Endpoint } from '../endpoint.js'
import { brief } from '../ledger.js'
import type { Check, Scene } from '../scene.js'
import type { ModelWorker } from '../worker.js'

/** A session that was in a line when a chat was posted, and has not had it yet. */
interface Owed {
  readonly text: string
  readonly home: ModelWorker
  readonly to: Endpoint
}

/**
 * What a home posts reaches everybody who was in the line at that moment, however full the rings are and whoever comes and
 * goes. What was on its way from or to a worker that is lost is lost, and so is what a client does not take.
 */
export function checkDelivery({ violate, endpointOf, world, ledger }: Scene): Check {
  const owed = new Map<string, Owed>()
  const late = new Set<string>()
  const owe = (home: ModelWorker, text: string, sid: unknown, worker: number, cid: number) => {
    const to = endpointOf(worker, cid)
    if (to === undefined || to.device.sid !== sid || !to.connection.isOpen) return
    if (to.connection.isHalfDead || to.connection.isStalled || world.workers[worker]!.isLost) return
    const { target } = ledger.chats.get(text)!
    if (late.has(`${to.id}/${target}`) && !to.rooms.has(target)) return
    owed.set(`${to.id}/${text}`, { text, home, to })
  }
  const posting = (home: ModelWorker, line: Line, chat: ChatRecord, frame: Buffer) => {
    const text = textOf(decodeBinary(Buffer.from(frame)).frames[0]!) ?? ''
    for (const { sid, worker, cid } of membersOf(home, line, chat)) owe(home, text, sid, worker, cid)
  }
  const drop = (isDropped: (one: Owed) => boolean) => {
    for (const [key, one] of owed) if (isDropped(one)) owed.delete(key)
  }
  return {
    posting,
    heard(endpoint, frame) {
      const text = textOf(frame)
      if (text !== undefined) owed.delete(`${endpoint.id}/${text}`)
      if (frame.cmd !== 'ROOM-JOIN-ACK') return
      // Who was refused may have been let in, too late for its worker to believe it: until the next join is answered it is not there.
      const join = `${endpoint.id}/${frame.body.rid}`
      if (frame.body.code !== 0) late.add(join)
      if (late.has(join)) drop(one => one.to === endpoint && ledger.chats.get(one.text)?.target === frame.body.rid)
    },
    ended: endpoint => drop(({ to }) => to === endpoint),
    lost: worker => drop(({ home, to }) => home === worker || to.connection.worker === worker),
    settled() {
      drop(({ to }) => !to.isAlive || to.state !== 'online' || !to.connection.isOpen)
      for (const { text, home, to } of owed.values()) {
        violate('chat delivered', `${to} never got ${brief(text)}, posted at worker ${home.index} while it was there`)
      }
      owed.clear()
    },
  }
}

interface Address {
  readonly sid: unknown
  readonly worker: number
  readonly cid: number
}

function membersOf(home: ModelWorker, line: Line, { scope, target, uid }: ChatRecord): readonly Address[] {
  if (scope === ChatScope.GROUP) {
    for (const group of home.homes.groups.loaded) if (group.line === line) return [...group.online.values()]
    return []
  }
  if (scope === ChatScope.ROOM) {
    for (const room of home.homes.rooms.loaded) {
      if (room.rid === target) return [...room.members.values()].filter(member => member.line === line)
    }
    return []
  }
  for (const user of home.homes.users.loaded) {
    if (user.uid !== target) continue
    const isMuted = user.mutes?.has(uid) ?? home.core.store.tables.userMutes.get([user.uid, uid]) !== undefined
    return isMuted ? [] : [...user.sessions]
  }
  return []
}
