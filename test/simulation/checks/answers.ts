import type { Endpoint } from '../endpoint.js'
import type { Check, Scene } from '../scene.js'

/** Answers that no request of a client asked for. */
const unasked = new Set(['KICK'])
const chats = new Set(['CHAT', 'GROUP-CHAT', 'ROOM-CHAT'])

/** Each request of a live client is answered, once and by its own ack; each call of the API too. */
export function checkAnswers({ violate, devices, calls }: Scene): Check {
  return {
    heard(endpoint, { cmd, seq }) {
      if (seq === 0 || unasked.has(cmd)) return
      const asked = endpoint.asked.get(seq)
      const expected = asked?.cmd === 'PING' ? 'PONG' : `${asked?.cmd}-ACK`
      if (asked === undefined) violate('stranger', `${endpoint} got ${cmd} ${seq}, and asked nothing so`)
      else if (cmd !== expected) violate('stranger', `${endpoint} got ${cmd} for ${asked.cmd} ${seq}`)
      else if (asked.code !== undefined) violate('answered once', `${endpoint} got ${cmd} ${seq} again`)
    },
    /** Until its worker hears of that, a chat may still have been written for the home that was lost. */
    peerReplaced({ core, connections }, peer) {
      for (const { client } of connections) {
        for (const one of (client as Endpoint).asked.values()) {
          const target = one.body.rid ?? one.body.gid ?? one.body.duid
          if (one.code === undefined && chats.has(one.cmd) && core.placement.homeOf(target!) === peer) one.isLost = true
        }
      }
    },
    settled() {
      for (const endpoint of devices.flatMap(device => device.endpoints)) {
        if (!endpoint.isAlive) continue
        for (const { cmd, seq, code, isLost } of endpoint.asked.values()) {
          if (code === undefined && !isLost) violate('answered once', `${endpoint} got no answer to ${cmd} ${seq}`)
        }
      }
      for (const { what, worker, answers } of calls) {
        if (answers !== 1 && !worker.isLost) {
          violate('answered once', `the API got ${answers} answers to ${what} at worker ${worker.index}`)
        }
      }
    },
  }
}
