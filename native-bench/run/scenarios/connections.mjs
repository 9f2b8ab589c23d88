// What it takes to get in, to come back, and to stay.
import { bare, imgate, imgateTcp, peers } from '../variants.mjs'
import { crowd } from './arguments.mjs'

export const connections = {
  signin: {
    question: 'how fast do devices get in?',
    title: o => `Sign-in of ${o.members}: connect, ONLINE, ROOM-JOIN; at bare the WebSocket handshake alone`,
    settings: { members: 5000 },
    quick: { members: 2000 },
    variants: () => [imgate, imgateTcp, bare],
    command: 'signin',
    args: crowd,
    figures: [
      ['signin_per_s', 'devices/s', 0, true],
      ['signin_server_us', 'server CPU for each, us', 1, true],
      ['signin_p50_ms', 'p50, ms', 1, false],
      ['signin_p99_ms', 'p99, ms', 1, false],
      ['tickets_per_s', 'register + iplist, devices/s', 0, false],
      ['signin_client_cores', 'client CPU, cores', 2, false],
    ],
  },
  idle: {
    question: 'what does a waiting connection cost?',
    title: o => `Memory of ${o.members} idle members`,
    settings: { members: 15_000, seconds: 20 },
    quick: { members: 3000, seconds: 0.5 },
    startsFresh: true,
    variants: () => [imgate, imgateTcp, bare, ...peers],
    command: 'idle',
    // V8 gives back what the sign-ins took for a moment after ten to twenty seconds of quiet; the others keep what they have.
    args: (o, { server }) => [...crowd(o), '--seconds', server === 'imgate' ? o.seconds : Math.min(o.seconds, 1)],
    figures: [
      ['rss_per_connection', 'bytes per connection', 0, true],
      ['rss_before', 'server RSS before, bytes', 0, false],
      ['rss_held', 'server RSS with all, bytes', 0, false],
    ],
  },
  reconnect: {
    question: 'how long are all away, and what do those notice who stayed?',
    title: o => `Reconnect of ${o.members} at once while ${o.stayers} stay and chat`,
    settings: { members: 10_000, stayers: 1000 },
    variants: () => [imgate, bare],
    command: 'reconnect',
    args: o => [...crowd(o), '--stayers', o.stayers],
    figures: [
      ['reconnect_s', 'until all are back, s', 2, true],
      ['stayers_p99_ms', 'p99 of those who stayed, ms', 1, true],
      ['calm_p99_ms', 'their p99 before, ms', 1, false],
      ['connects_over_1s', 'connects of more than 1 s', 0, false],
    ],
  },
}
