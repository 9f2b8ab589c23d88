import t, { type Test } from 'tap'
import { Agent, request } from 'undici'
import type { Query, ReplyBody } from './support/api.js'
import { signIn } from './support/device.js'
import { ErrorCode } from './support/error-codes.js'
import { type Gateway, killAndRestart, startGateway } from './support/gateway.js'
import { createGroup } from './support/group.js'
import type { Id } from './support/ids.js'
import { parseJson } from './support/json.js'
import { type Random, seededRandom } from './support/seed.js'

const CALLS = 10_000
const CONNECTIONS = 50
const ROOMS_EACH = 2
const USERS = 3
const OWNER = 77
const GAGS_AND_LISTS = ['blacklist', 'gag'] as const

/** What an entity has been told; a group starts with its owner. */
interface Entity {
  readonly kind: 'room' | 'group'
  readonly id: Id
  readonly blacklist: Set<Id>
  readonly gag: Set<Id>
  readonly members: Set<Id>
  cap: number | undefined
  isClosed: boolean
}

interface Node {
  readonly ipaddr: string
  readonly port: number
}

/** What one connection alone changes: what comes out in the end does not depend on the others. */
interface Part {
  readonly rooms: readonly Entity[]
  readonly groups: readonly Entity[]
  readonly users: readonly Id[]
  readonly nids: readonly Id[]
  readonly nodes: Record<'listend' | 'frwder', Map<Id, Node>>
  readonly precisions: Map<number, number>
  readonly precs: readonly number[]
  readonly sids: Set<Id>
}

interface Call {
  readonly method?: 'POST'
  readonly path: string
  readonly query: Query
  readonly body?: string
  /** The code that must come. */
  readonly code: number
  readonly check?: (reply: ReplyBody) => boolean
}

function entity(kind: Entity['kind'], id: Id): Entity {
  const members = new Set<Id>(kind === 'group' ? [OWNER] : [])
  return { kind, id, blacklist: new Set(), gag: new Set(), members, cap: undefined, isClosed: false }
}

/** Ids on both sides of 2^53. */
function ids(index: number, count: number): Id[] {
  return Array.from({ length: count }, (_, at) => {
    const number = 1_000_000 + index * 100 + at
    return at % 2 === 0 ? number : 2n ** 63n + BigInt(number)
  })
}

function part(index: number): Part {
  return {
    rooms: ids(index, ROOMS_EACH).map(id => entity('room', id)),
    groups: ids(index, ROOMS_EACH).map(id => entity('group', id)),
    users: ids(index, USERS),
    nids: ids(index, 4),
    nodes: { listend: new Map(), frwder: new Map() },
    precisions: new Map(),
    precs: [1, 2, 3].map(at => 100_000 + index * 10 + at),
    sids: new Set(),
  }
}

/** Changes the model by a random call. @returns the call, and what the gateway must answer */
function randomCall(random: Random, { rooms, groups, users, nids, nodes, precisions, precs, sids }: Part): Call {
  const on = random.pick([...rooms, ...groups])
  const uid = random.pick(users)
  const key = on.kind === 'room' ? { rid: on.id } : { gid: on.id }
  const path = `/im/${on.kind}/config`
  const closedGroup = on.kind === 'group' && on.isClosed
  const lists: () => Call = () => {
    const option = random.pick(GAGS_AND_LISTS)
    const isOn = random.below(2) > 0
    const who = option === 'gag' && random.below(4) === 0 ? 0 : uid
    if (!closedGroup) {
      if (isOn) on[option].add(who)
      else on[option].delete(who)
      if (isOn && option === 'blacklist') on.members.delete(who)
    }
    const query = { action: isOn ? 'add' : 'del', option, ...key, ...(who === 0 ? {} : { uid: who }) }
    return { path, query, code: closedGroup ? ErrorCode.CLOSED : 0 }
  }
  const kinds: (() => Call)[] = [
    // Most of what there is to get wrong.
    lists,
    lists,
    lists,
    lists,
    () => {
      on.cap = 10 + random.below(1000)
      const { cap } = on
      return { path, query: { action: 'set', option: 'cap', ...key, cap }, code: 0, check: reply => reply.cap === cap }
    },
    () => {
      const wanted = on.cap
      const check = (reply: ReplyBody) => wanted === undefined || reply.cap === wanted
      return { path, query: { action: 'get', option: 'cap', ...key }, code: 0, check }
    },
    () => {
      const isToClose = random.below(2) === 0
      if (isToClose && !on.isClosed) on.members.clear()
      on.isClosed = isToClose
      return { path, query: { action: isToClose ? 'close' : 'open', option: on.kind, ...key }, code: 0 }
    },
    () => {
      const group = random.pick(groups)
      const isJoin = random.below(3) > 0
      let code: number = 0
      if (group.isClosed) code = ErrorCode.CLOSED
      else if (isJoin && group.blacklist.has(uid)) code = ErrorCode.BLACKLISTED
      else if (isJoin) group.members.add(uid)
      else if (!group.members.delete(uid)) code = ErrorCode.NOT_A_MEMBER
      const query = { action: isJoin ? 'add' : 'del', option: 'member', gid: group.id, uid }
      return { path: '/im/group/config', query, code }
    },
    () => {
      const option = random.pick(['listend', 'frwder'] as const)
      const nid = random.pick(nids)
      const known = nodes[option].get(nid)
      const address = { ipaddr: '127.0.0.1', port: 1 + random.below(2) }
      const isSame = known !== undefined && known.port === address.port
      const isAdd = random.below(3) > 0
      let code: number = 0
      if (isAdd && known !== undefined && !isSame) code = ErrorCode.REPLACED
      else if (isAdd) nodes[option].set(nid, address)
      else if (isSame) nodes[option].delete(nid)
      else code = ErrorCode.BAD_PARAMETER
      return { path: '/im/config', query: { action: isAdd ? 'add' : 'del', option, nid, ...address }, code }
    },
    () => {
      const prec = random.pick(precs)
      const num = 1 + random.below(100_000)
      const isAdd = random.below(3) > 0
      const code = isAdd || precisions.delete(prec) ? 0 : ErrorCode.BAD_PARAMETER
      if (isAdd) precisions.set(prec, num)
      const query = { action: isAdd ? 'add' : 'del', option: 'user-statis', prec, ...(isAdd ? { num } : {}) }
      return { path: '/im/config', query, code }
    },
    () => {
      const check = ({ sid }: ReplyBody) => {
        if (sid === undefined || sids.has(sid)) return false
        sids.add(sid)
        return true
      }
      return { path: '/im/register', query: { uid, nation: 1, city: 2, town: 3 }, code: 0, check }
    },
    () => {
      const code = on.isClosed ? ErrorCode.CLOSED : 0
      const query = { dim: on.kind, ...key, expire: 0 }
      return {
        method: 'POST',
        path: '/im/push',
        query,
        body: 'x',
        code,
        check: ({ total }) => code !== 0 || total === 0,
      }
    },
    () => {
      const check = ({ status, len }: ReplyBody) => status === 0 && len === 0
      return { path: '/im/query', query: { option: 'user-status', uid }, code: 0, check }
    },
    () => {
      const query = { option: random.pick(['top-list', 'mesg-top-list']), num: 5 }
      return { path: '/im/group/query', query, code: 0, check: ({ list, len }) => list?.length === len }
    },
    () => {
      const query = { option: 'group-list', rid: random.pick(rooms).id }
      return { path: '/im/room/query', query, code: 0, check: ({ list }) => list?.length === 0 }
    },
    () => {
      const query = { action: 'list', option: random.pick(['listend', 'frwder', 'user-statis']) }
      return { path: '/im/config', query, code: 0, check: ({ list, len }) => list?.length === len }
    },
  ]
  return random.pick(kinds)()
}

/** One keep-alive connection; the calls on it are answered one after another. */
function connection(gateway: Gateway): { call(call: Call): Promise<ReplyBody>; close(): Promise<void> } {
  const dispatcher = new Agent({ connections: 1, pipelining: 1 })
  const headers = { 'x-api-key': gateway.key }
  return {
    close: () => dispatcher.close(),
    async call({ method = 'GET', path, query, body }) {
      const search = Object.entries(query).map(([name, value]) => `${name}=${value}`)
      const url = `http://${gateway.http}${path}?${search.join('&')}`
      const response = await request(url, { dispatcher, method, headers, ...(body === undefined ? {} : { body }) })
      return parseJson(await response.body.text()) as ReplyBody
    },
  }
}

const asText = (set: Iterable<Id | undefined>) => [...set].map(String).sort()

/** Everything that the API tells of the parts is as the model has it. */
async function isAsModelled(t: Test, { api }: Gateway, parts: readonly Part[], when: string): Promise<void> {
  const differences: string[] = []
  const compare = (what: string, found: unknown, wanted: unknown) => {
    const [one, other] = [JSON.stringify(found), JSON.stringify(wanted)]
    if (one !== other) differences.push(`${what} is ${one}, not ${other}`)
  }
  const uidsOf = async (option: string, gid: Id) => {
    const { list } = await api.groupConfig('get', option, { gid })
    return asText(list!.map(({ uid }) => uid))
  }
  for (const { groups, rooms } of parts) {
    for (const { id, blacklist, gag, members, cap, isClosed } of groups) {
      compare(`blacklist of group ${id}`, await uidsOf('blacklist', id), asText(blacklist))
      compare(`gags of group ${id}`, await uidsOf('gag', id), asText(gag))
      compare(`members of group ${id}`, await uidsOf('member', id), asText(members))
      const { cap: found } = await api.groupConfig('get', 'cap', { gid: id })
      compare(`cap of group ${id}`, found, cap ?? 100_000)
      compare(`push to group ${id}`, (await api.push('group', { gid: id }, 'x')).code, isClosed ? ErrorCode.CLOSED : 0)
    }
    for (const { id, cap, isClosed } of rooms) {
      const { cap: found } = await api.roomConfig('get', 'cap', { rid: id })
      compare(`cap of room ${id}`, found, cap ?? 10_000)
      const { code } = await api.push('room', { rid: id, expire: 0 }, 'x')
      compare(`push to room ${id}`, code, isClosed ? ErrorCode.CLOSED : 0)
    }
  }
  for (const option of ['listend', 'frwder'] as const) {
    const { list } = await api.ok('/im/config', { action: 'list', option })
    const added = list!.filter(({ nid }) => option === 'frwder' || BigInt(nid!) >= 1_000_000n)
    const found = added.map(entry => `${entry.nid} ${entry['ipaddr']}${option === 'frwder' ? `:${entry['port']}` : ''}`)
    const wanted = parts.flatMap(({ nodes }) =>
      [...nodes[option]].map(([nid, { ipaddr, port }]) => `${nid} ${ipaddr}:${port}`),
    )
    compare(option, found.sort(), wanted.sort())
  }
  const { list } = await api.ok('/im/config', { action: 'list', option: 'user-statis' })
  const found = list!.map(({ prec, num }) => `${prec} ${num}`).sort()
  compare('precisions', found, parts.flatMap(({ precisions }) => [...precisions].map(pair => pair.join(' '))).sort())
  t.strictSame(differences.slice(0, 10), [], `${when}: ${differences.length} differences`)
}

/** The lists of a room have no interface that tells them: who comes in, and who may speak there, does. */
async function roomsRefuseWhoTheyShould(
  t: Test,
  gateway: Gateway,
  parts: readonly Part[],
  when: string,
): Promise<void> {
  const wrong: string[] = []
  for (const { rooms, users } of parts) {
    for (const uid of users) {
      const { client } = await signIn(t, gateway, { transport: 'tcp', uid })
      for (const { id: rid, isClosed, blacklist, gag } of rooms) {
        const { code } = await client.request('ROOM-JOIN', { uid, rid })
        const wanted = isClosed ? ErrorCode.CLOSED : blacklist.has(uid) ? ErrorCode.BLACKLISTED : 0
        if (code !== wanted) wrong.push(`${uid} joins ${rid}: ${code}, not ${wanted}`)
        if (code !== 0) continue
        const chat = await client.request('ROOM-CHAT', { uid, rid, level: 1, text: 'x' })
        const wantedOfChat = gag.has(0) || gag.has(uid) ? ErrorCode.GAGGED : 0
        if (chat.code !== wantedOfChat) wrong.push(`${uid} speaks in ${rid}: ${chat.code}, not ${wantedOfChat}`)
        await client.request('ROOM-QUIT', { uid, rid })
      }
      await client.request('OFFLINE')
    }
  }
  t.strictSame(wrong, [], `joins and chats ${when}`)
}

t.test(`${CALLS} calls at once leave what the same calls one after another would, also after a crash`, async t => {
  const random = seededRandom(t)
  const gateway = await startGateway(t)
  const parts = Array.from({ length: CONNECTIONS }, (_, index) => part(index))
  const owner = await signIn(t, gateway, { transport: 'tcp', uid: OWNER })
  for (const { groups } of parts) for (const { id } of groups) await createGroup(owner, id)
  await owner.client.request('OFFLINE')
  await owner.client.closed

  // All that is random is drawn before anything is under way: a seed repeats it.
  const calls = parts.map(own => Array.from({ length: CALLS / CONNECTIONS }, () => randomCall(random, own)))
  const refusals: string[] = []
  const carryOut = async (own: readonly Call[]) => {
    const { call, close } = connection(gateway)
    for (const one of own) {
      const reply = await call(one)
      if (reply.code === one.code && one.check?.(reply) !== false) continue
      refusals.push(`${one.path} ${Object.values(one.query)} got ${reply.code} ${reply.errmsg}, wanted ${one.code}`)
    }
    await close()
  }
  await Promise.all(calls.map(carryOut))
  t.strictSame(refusals.slice(0, 10), [], `${refusals.length} answers are not the ones of calls one after another`)
  const sids = parts.flatMap(own => [...own.sids])
  t.equal(new Set(sids).size, sids.length, `${sids.length} registrations got a sid of their own`)

  await isAsModelled(t, gateway, parts, 'after the calls')
  const restarted = await killAndRestart(t, gateway)
  await isAsModelled(t, restarted, parts, 'after kill -9')
  await roomsRefuseWhoTheyShould(t, restarted, parts, 'after kill -9')
  const [first] = sids
  t.ok(
    (await restarted.api.register(OWNER)).sid! > Math.max(...sids.map(Number)),
    `a sid such as ${first} is not reused`,
  )
})
