import { Fate } from '#dist/protocol/fate.js'
import { textOf } from '../beliefs.js'
import type { Device } from '../device.js'
import { type Endpoint, framesOf } from '../endpoint.js'
import { brief, type Pushed } from '../ledger.js'
import type { Check, Scene } from '../scene.js'

/** Pushes: at the end one to everything that there is, expire 0, shows who is reached; those with expire come to who comes later. */
export function checkPushes({ violate, world, devices, ledger }: Scene): Check {
  const isMember = (gid: number, { uid }: Device) =>
    world.live[0]!.core.store.tables.groupMembers.get([gid as never, uid as never]) !== undefined
  const isFor = ({ kind, target }: Pushed, device: Device, online: Endpoint): boolean => {
    switch (kind) {
      case 'user':
        return device.uid === target
      case 'sid':
        return device.sid === target
      case 'group':
        return isMember(target, device)
      case 'room':
        return online.rooms.has(target)
      case 'all':
        return true
    }
  }
  return {
    wrote(connection, payload, isBinary, fate) {
      const endpoint = connection.client as Endpoint | undefined
      if (fate === Fate.BEHIND) {
        for (const frame of framesOf(payload, isBinary)) endpoint?.missed.add(textOf(frame) ?? '')
      }
      if (!connection.isOpen || connection.isStalled || endpoint === undefined) return
      if (endpoint.state !== 'over' && !connection.isHalfDead) return
      for (const frame of framesOf(payload, isBinary)) {
        const text = textOf(frame)
        if (text !== undefined) endpoint.unheard.set(text, connection.heard)
      }
    },
    lost() {
      for (const pushed of ledger.pushes.values()) pushed.isDisturbed = true
    },
    settled(isLast) {
      for (const pushed of ledger.pushes.values()) {
        const { text, kind, target, msgid, expire, isDisturbed } = pushed
        const isMeant = isLast ? pushed.isProbe : expire > 0 && !isDisturbed
        if (msgid === undefined || !isMeant) continue
        for (const device of devices) {
          const { online } = device
          if (online === undefined || !isFor(pushed, device, online)) continue
          // What it was too slow for (`slowClient`) comes again over its next connection, not over this one.
          if (device.had(text) || online.missed.has(text)) continue
          violate(
            isLast ? 'push delivered' : 'push kept',
            `${online} did not get push ${brief(text)} to ${kind} ${target}`,
          )
        }
      }
    },
  }
}
