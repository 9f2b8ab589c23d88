import type { Endpoint, EndpointEvents } from './endpoint.js'
import type { Check } from './scene.js'
import type { Simulation } from './simulation.js'
import type { WorldEvents } from './world.js'

/** Tells all checks what happens at clients. @param checks may still be filled */
export function clientsHeard(simulation: Simulation, checks: readonly Check[]): EndpointEvents {
  return {
    heard(endpoint, frame) {
      simulation.trace.note(frame.seq * 7 + frame.cmd.length, () => described(endpoint, frame))
      for (const check of checks) check.heard?.(endpoint, frame)
    },
    ended(endpoint, reason) {
      simulation.trace.note(6, () => `${endpoint} is over: ${reason?.text ?? 'nobody said why'}`)
      for (const check of checks) check.ended?.(endpoint, reason)
    },
  }
}

/** Tells all checks what happens at workers. */
export function worldHeard(simulation: Simulation, checks: readonly Check[]): WorldEvents {
  let accepted = 0
  return {
    built(worker) {
      for (const check of checks) check.built?.(worker)
    },
    posting(...chat) {
      for (const check of checks) check.posting?.(...chat)
    },
    wrote(...message) {
      for (const check of checks) check.wrote?.(...message)
    },
    peerReplaced(...peer) {
      for (const check of checks) check.peerReplaced?.(...peer)
    },
    defect: (worker, defect) => simulation.violate('defect', `worker ${worker.index}: ${stackOf(defect)}`),
    accepted(connection) {
      const endpoint = connection.client as Endpoint
      endpoint.acceptedAt = ++accepted
    },
    lost(worker, why) {
      simulation.trace.note(8, () => `worker ${worker.index}: ${why}`)
      for (const check of checks) check.lost?.(worker, why)
    },
  }
}

function described(endpoint: Endpoint, { cmd, seq, body }: { cmd: string; seq: number; body: object }): string {
  const fields = Object.entries(body)
    .filter(([name]) => name !== 'errmsg' && name !== 'level' && name !== 'time')
    .map(([name, value]) => `${name} ${String(value).slice(0, 16)}`)
  return `    ${endpoint} gets ${cmd}${seq > 0 ? ` ${seq}` : ''} ${fields.join(', ')}`
}

function stackOf(defect: unknown): string {
  return defect instanceof Error ? (defect.stack ?? defect.message) : String(defect)
}
