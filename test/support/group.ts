import type { Body } from './body.js'
import type { CommandName } from './commands.js'
import { describe } from './deadline.js'
import type { Device } from './device.js'
import type { Id } from './ids.js'

/** Sends a group command that must succeed. */
export async function mustDo({ client }: Device, cmd: CommandName, body: object): Promise<Body> {
  const ack = await client.request(cmd, body)
  if (ack.code !== 0) throw new Error(`${cmd} was refused: ${describe(ack)}`)
  return ack
}

/** Makes a group; the gateway chooses its id unless one is given. */
export async function createGroup(owner: Device, gid?: Id): Promise<Id> {
  const body = { uid: owner.uid, name: 'a group', desc: 'of a test', ...(gid === undefined ? {} : { gid }) }
  const ack = await mustDo(owner, 'GROUP-CREAT', body)
  if (ack.gid === undefined) throw new Error(`no gid in ${describe(ack)}`)
  return ack.gid
}

export function joinGroup(member: Device, gid: Id): Promise<Body> {
  return mustDo(member, 'GROUP-JOIN', { uid: member.uid, gid })
}

/** Says something in a group; the answer may be a refusal. */
export function chatGroup({ client, uid }: Device, gid: Id, text: string): Promise<Body> {
  return client.request('GROUP-CHAT', { uid, gid, level: 1, text })
}

/** Who is in a group, as `uid: role`. */
export async function rolesOf(device: Device, gid: Id): Promise<Record<string, number | undefined>> {
  const { list } = await mustDo(device, 'GROUP-USR-LIST', { gid, num: 0 })
  return Object.fromEntries((list ?? []).map(({ uid, role }) => [String(uid), role]))
}

export const Role = { MEMBER: 0, MANAGER: 1, OWNER: 2 } as const
