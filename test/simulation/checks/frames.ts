import { textOf } from '../beliefs.js'
import type { Endpoint, Heard } from '../endpoint.js'
import { brief, type Ledger } from '../ledger.js'
import { type Check, homeOf, type Scene } from '../scene.js'

const lineKinds = new Set(['ROOM-CHAT', 'GROUP-CHAT'])
const carriers = new Set(['CHAT', 'ROOM-CHAT', 'GROUP-CHAT', 'BC', 'P2P', 'ROOM-BC', 'GROUP-BC'])

/** So long a home waits for an older connection (shard/user/users.ts). */
const REPLACED_MAX_MS = 500

/** Each frame by itself: in order, once, and for whom it came to. */
export function checkFrames({ violate, ledger, world }: Scene): Check {
  /** By worker: how often it was lost. */
  const losses = new Map<number, number>()
  const lossesOf = ({ device }: Endpoint) => losses.get(homeOf(world, device.uid).index) ?? 0

  const judge = (endpoint: Endpoint, frame: Heard) => {
    const { cmd, body } = frame
    if (cmd === 'ONLINE-ACK' && body.code === 0) endpoint.onlineAt ??= world.time.now
    if (endpoint.state !== 'online' && cmd !== 'ONLINE-ACK' && cmd !== 'KICK' && frame.seq === 0) {
      violate('early frame', `${endpoint} got ${cmd} before its ONLINE-ACK`)
    }
    if (!carriers.has(cmd)) return
    const text = textOf(frame) ?? ''
    const msgid = Number(body.msgid)
    const clash = ledger.clash(msgid, text)
    if (clash !== undefined) violate('one msgid', `${brief(text)} came to ${endpoint} as ${msgid}: ${clash}`)
    const stranger = isStranger(endpoint, frame, text, ledger)
    if (stranger) violate('stranger', `${endpoint} got ${cmd} ${brief(text)}, which is not for it`)
    order(endpoint, frame, msgid)
    once(endpoint, msgid, text)
  }

  const order = (endpoint: Endpoint, { cmd, body }: Heard, msgid: number) => {
    if (!lineKinds.has(cmd)) return
    const line = cmd === 'ROOM-CHAT' ? `room ${body.rid}/${body.gid}` : `group ${body.gid}`
    const newest = endpoint.newest.get(line) ?? 0
    endpoint.newest.set(line, Math.max(newest, msgid))
    if (newest < msgid) return
    violate(cmd === 'ROOM-CHAT' ? 'room order' : 'group order', `${endpoint} got ${msgid} of ${line} after ${newest}`)
  }

  /** While the home of its user is replaced a device may have two live connections, and what is for everybody comes to both. */
  const isForAll = (text: string) => {
    const pushed = ledger.pushes.get(text)
    return pushed?.kind === 'all' && pushed.expire === 0
  }

  const once = (endpoint: Endpoint, msgid: number, text: string) => {
    if (endpoint.had.has(msgid)) violate('twice', `${endpoint} got ${msgid} ${brief(text)} twice`)
    endpoint.had.set(msgid, { heard: endpoint.connection.heard, losses: lossesOf(endpoint) })
    endpoint.texts.add(text)
    for (const other of endpoint.device.endpoints) {
      if (other === endpoint || !other.had.has(msgid) || isForAll(text)) continue
      const isKept = (ledger.pushes.get(text)?.expire ?? 0) > 0
      if (isKept && isLate(endpoint, other)) continue
      if (isKept ? mayRepeatKept(other, msgid, lossesOf(other)) : mayRepeat(other)) continue
      violate(
        isKept ? 'kept twice' : 'twice',
        `${endpoint} got ${msgid} ${brief(text)}, which its device had over connection ${other.id}`,
      )
    }
  }

  /**
   * Since the older connection it took so long to get online that the home no longer waited for that one. Either may come
   * first: the worker of the older one, which stood still, may let it in, give it what is kept, and only then be told.
   */
  const isLate = ({ id, device }: Endpoint, other: Endpoint) => {
    const older = Math.min(id, other.id)
    return device.endpoints.some(
      one => one.id > older && (one.onlineAt ?? world.time.now) - one.madeAt >= REPLACED_MAX_MS,
    )
  }

  return {
    heard: judge,
    lost({ index }) {
      losses.set(index, (losses.get(index) ?? 0) + 1)
    },
  }
}

/** What is kept may come again when its worker or its home failed since it came, or the gateway has heard nothing of the client. */
function mayRepeatKept({ connection, had }: Endpoint, msgid: number, losses: number): boolean {
  const receipt = had.get(msgid)!
  // What comes behind something that a slow client missed comes again with it.
  if (connection.bytesWaiting > 0 || connection.dropped > 0) return true
  return connection.worker.isLost || receipt.losses < losses || receipt.heard === connection.heard
}

/** Who was connected when a worker failed, or went without a word. */
function mayRepeat({ connection, state, reason }: Endpoint): boolean {
  return connection.worker.isLost || (state === 'over' && reason === undefined)
}

/** In the room by word of the gateway, or about to hear whether. */
function mayBeIn({ rooms, doubted, asked }: Endpoint, rid: number): boolean {
  if (rooms.has(rid) || doubted.has(rid)) return true
  for (const { cmd, code, body } of asked.values()) {
    if (cmd === 'ROOM-JOIN' && code === undefined && Number(body.rid) === rid) return true
  }
  return false
}

function isStranger(endpoint: Endpoint, { cmd, body }: Heard, text: string, { pushes, chats }: Ledger): boolean {
  const { uid, sid } = endpoint.device
  if (cmd === 'CHAT') return body.suid !== uid && body.duid !== uid
  if (cmd === 'ROOM-CHAT' || cmd === 'ROOM-BC') return !mayBeIn(endpoint, Number(body.rid))
  if (cmd === 'GROUP-CHAT') return chats.get(text)?.target !== body.gid
  const pushed = pushes.get(text)
  if (pushed?.kind === 'user') return pushed.target !== uid
  if (pushed?.kind === 'sid') return pushed.target !== sid
  return false
}
