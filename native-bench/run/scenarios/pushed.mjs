// An application server's pushes, not the devices' own messages.
import { bare, imgate, nchan } from '../variants.mjs'
import { crowd, stretch } from './arguments.mjs'

const CONNECTIONS = 64

const push = members => ({
  question: `how fast does an application server push to a room of ${members}?`,
  title: o => `HTTP push of ${o.payload} B to a room of ${o.members} over ${CONNECTIONS} keep-alive connections`,
  settings: { members },
  variants: () => [imgate, bare, nchan],
  command: 'push',
  args: o => [...crowd(o), ...stretch(o), '--http-connections', CONNECTIONS],
  figures: [
    ['pushes_per_s', 'pushes/s', 0, true],
    ['server_us_per_push', 'server CPU per push, us', 2, true],
    ['reply_p50_ms', 'reply p50, ms', 2, true],
    ['reply_p99_ms', 'reply p99, ms', 2, true],
    ['server_cores', 'server CPU, cores', 2, false],
    ['client_cores', 'client CPU, cores', 2, false],
  ],
})

export const pushed = { 'push-one': push(1), 'push-room': push(1000) }
