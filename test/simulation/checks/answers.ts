import type { Check, Scene } from '../scene.js'

/** Answers that no request of a client asked for. */
const unasked = new Set(['KICK'])

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
    settled() {
      for (const endpoint of devices.flatMap(device => device.endpoints)) {
        if (!endpoint.isAlive || endpoint.connection.isStalled) continue
        for (const { cmd, seq, code } of endpoint.asked.values()) {
          if (code === undefined) violate('answered once', `${endpoint} got no answer to ${cmd} ${seq}`)
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
