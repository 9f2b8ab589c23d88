// How much at most, by the size of rooms, messages and crowds: closed loop; and many small rooms.
import { bare, imgate, imgateMixed, peers, transports } from '../variants.mjs'
import { crowd, stretch } from './arguments.mjs'

const PAYLOADS = [64, 1024, 16384]
// Messages outstanding times members times bytes: more would measure the memory of the machine.
const INFLIGHT_MB = 256
// As many members as rooms, each in ten of them: 100,000 connections are more than most machines let a process open.
const ROOMS = 10_000
const ROOMS_PER_MEMBER = 10

export const crowded = {
  fanout: {
    question: 'how much at most?',
    title: o => `Fan-out: room of ${o.members}, ${o.window} messages of ${o.payload} B outstanding, closed loop`,
    cases: [{ members: 100 }, { members: 1000 }, { members: 5000 }],
    variants: o => [...transports, bare, ...(o.members === 1000 ? peers : [])],
    command: 'fanout',
    args: o => [...crowd(o), ...stretch(o), '--window', o.window],
    figures: [
      ['deliveries_per_s', 'deliveries/s', 0, true],
      ['publishes_per_s', 'publishes/s', 0, false],
      ['frames_per_s', 'frames/s', 0, false],
      ['server_us_per_delivery', 'server CPU per delivery, us', 3, true],
      ['p50_ms', 'p50, ms', 1, false],
      ['p99_ms', 'p99, ms', 1, false],
      ['client_cores', 'client CPU, cores', 2, false],
    ],
  },
  sizes: {
    question: 'how much at most, for small and large messages?',
    title: o => `Fan-out by payload: room of ${o.members}, ${o.window} messages outstanding, closed loop`,
    settings: { warmup: 0.2, seconds: 0.5 },
    cases: [{ members: 100 }, { members: 1000 }, { members: 5000 }, { members: 15_000 }],
    variants: () => [...transports, imgateMixed, bare],
    command: 'fanout',
    args: o => [
      ...['--members', o.members, '--publishers', o.publishers, '--window', o.window],
      ...['--payloads', PAYLOADS.join(','), '--inflight-mb', INFLIGHT_MB],
      ...stretch(o),
    ],
    plotted: 'deliveries_per_s_1024',
    figures: PAYLOADS.flatMap(payload => [
      [`deliveries_per_s_${payload}`, `deliveries/s, ${payload} B`, 0, true],
      [`server_us_per_delivery_${payload}`, `server CPU per delivery, ${payload} B, us`, 3, false],
    ]),
  },
  rooms: {
    question: 'what latency over many rooms?',
    title: o =>
      `${o.rate} messages/s over ${ROOMS} rooms of ${(o.members * ROOMS_PER_MEMBER) / ROOMS}: ${o.members} devices, each in ${ROOMS_PER_MEMBER} rooms, open loop`,
    settings: { members: ROOMS, publishers: ROOMS, rate: 4000 },
    variants: () => [imgate, bare],
    command: 'rate',
    args: o => [
      ...crowd(o),
      ...stretch(o),
      ...['--rooms', ROOMS, '--rooms-per-member', ROOMS_PER_MEMBER, '--rate', o.rate],
      // Each of them joins ten rooms at once; of too many joins some are refused as busy.
      ...['--concurrency', 100],
    ],
    plotted: 'p99_ms',
    figures: [
      ['publishes_per_s', 'achieved, messages/s', 0, false],
      ['delivered_ratio', 'delivered / expected', 4, false],
      ['p50_ms', 'p50, ms', 2, true],
      ['p99_ms', 'p99, ms', 2, true],
      ['server_us_per_delivery', 'server CPU per delivery, us', 3, true],
      ['server_cores', 'server CPU, cores', 2, false],
      ['client_cores', 'client CPU, cores', 2, false],
    ],
  },
}
