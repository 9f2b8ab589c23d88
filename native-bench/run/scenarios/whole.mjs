// The gateway on its own: does it grow, and is it right?
import { SIZES } from '../growth/sizes.mjs'
import { imgate, imgateOf } from '../variants.mjs'

/** Of rooms or of groups at each size. */
const grown = (things, more) =>
  SIZES.flatMap(({ unit, count }) =>
    [
      ['join_us', 'join, server CPU, us', 1],
      ['join_ms', 'join, there and back, ms', 2],
      ['top_us', 'top list, server CPU, us', 1],
      ['top_ms', 'top list, there and back, ms', 2],
      ['rss_mb', 'server RSS, MB', 0],
      ...more,
    ].map(([key, heading, digits]) => [`${things}_${key}_${count}`, `${unit} ${things}: ${heading}`, digits, false]),
  )
const figures = [
  ...grown('rooms', []),
  ...grown('groups', [
    ['own_mb', "server RSS without the store's pages, MB", 0],
    ['start_ms', 'from start to ready, ms', 0],
  ]),
]

export const whole = {
  growth: {
    question: 'do joins and top lists stay as fast with a million rooms and groups?',
    title: () => 'Growth from 1000 to 1,000,000 rooms and groups, one worker',
    runs: () => 1,
    variants: () => [imgate],
    script: 'growth.mjs',
    args: () => [],
    figures,
  },
  verify: {
    question: 'does every member of a room get every message once, in one order?',
    title: () => 'Exactly once and in one order, chats and pushes',
    runs: () => 1,
    isPinned: false,
    settings: { kinds: [500, 500, 1000] },
    quick: { kinds: [100, 100, 200] },
    variants: () => [imgateOf(2)],
    command: 'verify',
    args: ({ kinds: [binary, json, tcp] }) => [
      ...['--ws-binary', binary, '--ws-json', json, '--tcp', tcp],
      ...['--rooms', 10, '--publishers', 100, '--messages', 50, '--pushes', 100],
    ],
    figures: [
      ['deliveries_expected', 'deliveries expected', 0, false],
      ['deliveries', 'deliveries', 0, false],
      ['acks', 'ACKs', 0, false],
      ['pushes', 'pushes', 0, false],
      ['duplicates', 'duplicates', 0, false],
      ['gaps', 'gaps', 0, false],
      ['order_breaks', 'order breaks', 0, false],
      ['faults', 'faults of any kind', 0, false],
    ],
  },
}
