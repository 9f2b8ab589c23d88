import type { Body } from '../support/body.js'
import type { CommandName } from '../support/commands.js'
import type { Random } from '../support/seed.js'
import type { Endpoint } from './endpoint.js'
import type { Said } from './ledger.js'
import { GIDS, RIDS, UIDS } from './plan.js'

type Request = readonly [CommandName, Body]

const groupCommands: readonly CommandName[] = [
  'GROUP-KICK',
  'GROUP-GAG-ADD',
  'GROUP-GAG-DEL',
  'GROUP-BL-ADD',
  'GROUP-BL-DEL',
  'GROUP-MGR-ADD',
  'GROUP-MGR-DEL',
  'GROUP-DISMISS',
]
const relationCommands: readonly CommandName[] = ['BLACKLIST-ADD', 'BLACKLIST-DEL', 'GAG-ADD', 'GAG-DEL']

/** What a signed-in client may ask for, by kind. @param say makes a text that is remembered */
export function requestsOf(random: Random, say: (by: Endpoint, kind: Said['kind'], target: number) => string) {
  const rid = () => random.pick(RIDS)
  const gid = () => random.pick(GIDS)
  const uid = () => Number(random.pick(UIDS))
  const chat = (by: Endpoint, kind: Said['kind'], target: number) => ({ text: say(by, kind, target) })
  const inRoom = (by: Endpoint, target: number): Request => ['ROOM-CHAT', { rid: target, ...chat(by, 'room', target) }]
  const inGroup = (by: Endpoint, target: number): Request => [
    'GROUP-CHAT',
    { gid: target, ...chat(by, 'group', target) },
  ]
  const toUser = (by: Endpoint, target: number): Request => ['CHAT', { duid: target, ...chat(by, 'user', target) }]
  return {
    joinRoom: (): Request => ['ROOM-JOIN', { rid: rid() }],
    quitRoom: (): Request => ['ROOM-QUIT', { rid: rid() }],
    chatInRoom: (by: Endpoint) => inRoom(by, rid()),
    createGroup: (): Request => ['GROUP-CREAT', { gid: gid() }],
    joinGroup: (): Request => ['GROUP-JOIN', { gid: gid() }],
    quitGroup: (): Request => ['GROUP-QUIT', { gid: gid() }],
    chatInGroup: (by: Endpoint) => inGroup(by, gid()),
    ruleGroup: (): Request => [random.pick(groupCommands), { uid: uid(), gid: gid() }],
    chat: (by: Endpoint) => toUser(by, uid()),
    relate: (): Request => [random.pick(relationCommands), { duid: uid() }],
    ping: (): Request => ['PING', {}],
    list: (): Request => [random.pick(['GROUP-USR-LIST', 'GROUP-LIST'] as const), { gid: gid() }],
    subscribe: (): Request => ['SUB', { cmd: 0x0410 }],
  } satisfies Record<string, (by: Endpoint) => Request>
}

export type Requests = ReturnType<typeof requestsOf>
