// Many publishers in one room at given rates: how high it can go, what happens beyond, and what it costs below.
import { bare, imgate, peers, transports } from '../variants.mjs'
import { crowd, stretch } from './arguments.mjs'

// Somewhat below what each is expected to reach: a search that begins far below takes long; one that begins above goes down.
const RATES_START = { imgate: 5000, bare: 1200, nats: 200 }
const RATE_START_OF_OTHERS = 40
// The peers are slower by a factor, so a few per cent say nothing, and each step takes them long.
const COARSE = { resolution: 0.12, tries: 1 }
const isPeer = server => server !== imgate.server && server !== bare.server

const inRoom = o => `room of ${o.members}, ${Math.min(o.publishers, o.members)} publishers, ${o.payload} B, open loop`

const atRate = [
  ['server_us_per_delivery', 'server CPU per delivery, us', 3, true],
  ['p50_ms', 'p50, ms', 2, true],
  ['p99_ms', 'p99, ms', 2, true],
  ['publishes_per_s', 'achieved, messages/s', 0, false],
  ['delivered_ratio', 'delivered / expected', 4, false],
  ['server_cores', 'server CPU, cores', 2, false],
  ['client_cores', 'client CPU, cores', 2, false],
]

export const steady = {
  publishers: {
    question: 'how high can the rate go with p99 within the limit?',
    title: o => `Highest rate with p99 under ${o.p99} ms: ${inRoom(o)}`,
    settings: { warmup: 0.4, seconds: 1, growth: 1.6, resolution: 0.08, tries: 2, patience: 2 },
    quick: { warmup: 0.3, seconds: 0.6, resolution: 0.3, tries: 1, patience: 1 },
    variants: () => [...transports, bare, ...peers],
    command: 'search',
    args: (o, { server }) => {
      const { growth, patience, resolution, tries } = isPeer(server) ? { ...o, ...COARSE } : o
      return [
        ...crowd(o),
        ...stretch(o),
        ...['--p99-ms', o.p99, '--rate-start', o.rate ?? RATES_START[server] ?? RATE_START_OF_OTHERS],
        ...['--growth', growth, '--resolution', resolution, '--tries', tries, '--patience', patience],
      ]
    },
    // No rate passed: there is no highest one, and nothing to be said of it.
    derive: ({ highest_passing_rate }) =>
      highest_passing_rate > 0 ? {} : Object.fromEntries(steady.publishers.figures.map(([key]) => [key, undefined])),
    figures: [
      ['highest_passing_rate', 'highest rate, messages/s', 0, true],
      ['highest_passing_deliveries', 'deliveries/s there', 0, false],
      ['frames_per_s', 'frames/s there', 0, false],
      ['p50_ms', 'p50 there, ms', 1, false],
      ['p99_ms', 'p99 there, ms', 1, false],
      ['server_us_per_delivery', 'server CPU per delivery there, us', 3, true],
      ['server_cores', 'server CPU there, cores', 2, false],
      ['client_cores', 'client CPU there, cores', 2, false],
    ],
  },
  overload: {
    question: 'does it hold at twice the highest rate?',
    title: o => `Twice the highest rate that each passed in this run: ${inRoom(o)}`,
    settings: { seconds: 2 },
    variants: () => [imgate, bare],
    needs: ['publishers'],
    command: 'overload',
    args: (o, { name }, found) => {
      const highest = found('publishers', name, 'highest_passing_rate')
      if (o.rate === undefined && highest === undefined) throw new Error(`overload: no rate of ${name} passed`)
      return [...crowd(o), ...stretch(o), '--rate', o.rate ?? Math.round(2 * highest)]
    },
    metrics: { closed_by_gateway: 'imgate_closed_slow_consumer_total' },
    derive: (report, { name }, found) => ({
      deliveries_of_highest: report.deliveries_per_s / found('publishers', name, 'highest_passing_deliveries'),
      rss_growth_per_member: (report.rss_max - report.rss_before) / report.members,
      closed_uncounted: Math.abs(report.kicked - report.closed_by_gateway),
    }),
    plotted: 'deliveries_of_highest',
    figures: [
      ['asked_rate', 'asked, messages/s', 0, false],
      ['deliveries_per_s', 'deliveries/s', 0, true],
      ['deliveries_of_highest', 'of the deliveries at the highest rate', 2, false],
      ['p99_ms', 'p99, ms', 0, false],
      ['rss_before', 'server RSS before, bytes', 0, false],
      ['rss_max', 'server RSS at most, bytes', 0, false],
      ['rss_growth_per_member', 'growth for each member, bytes', 0, false],
      ['kicked', 'members closed as too slow', 0, false],
      ['forgiven', 'deliveries that went with them', 0, false],
      ['refused_busy', 'messages refused as busy', 0, false],
      ['lost', 'deliveries that are missing', 0, false],
      ['drain_s', 'until all was there, s', 1, false],
    ],
  },
  cpu: {
    question: 'what does a delivery cost at a rate that both hold?',
    title: o => `${o.rate} messages/s: ${inRoom(o)}`,
    settings: { rate: 800, seconds: 1.5 },
    variants: () => [...transports, bare],
    command: 'rate',
    args: o => [...crowd(o), ...stretch(o), '--rate', o.rate],
    figures: atRate,
  },
  light: {
    question: 'what latency when there is little to do?',
    title: o => `${o.rate} messages/s: ${inRoom(o)}`,
    settings: { rate: 10, seconds: 4 },
    variants: () => [imgate, bare],
    // A run has 40 messages, so its p99 hangs on one of them: more runs.
    runs: asked => asked * 2,
    command: 'rate',
    args: o => [...crowd(o), ...stretch(o), '--rate', o.rate],
    plotted: 'p50_ms',
    figures: [atRate[1], atRate[2], ...atRate.slice(3), atRate[0]],
  },
}
