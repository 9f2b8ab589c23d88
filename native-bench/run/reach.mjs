// What is asked for, in the order of the table in the issue, and how it follows from the results of a run.
import { findings } from './findings.mjs'
import { SIZES } from './growth/sizes.mjs'
import { markdown } from './table.mjs'

// What may wait for one member that reads slowly (`writerBytesMax`): the bound on memory.
const QUEUE_BYTES_MAX = 1024 * 1024
// Flat: what a thousand times as many rooms may cost; caches miss more often in larger tables.
const FLAT = 1.5

const [FEW, MANY] = [SIZES[0], SIZES.at(-1)]

/** @param value `found => number`  @param of the case and the variants it is taken from: [case, variant, variant] */
const atLeast = (name, floor, of, value) => ({ name, floor, of, value })
const atMost = (name, ceiling, of, value) => ({ name, ceiling, of, value })
const ratio = (id, variant, other, figure) => found => found.ratio(id, variant, other, figure)
const figure = (id, variant, key) => found => found.median(id, variant, key)

const highest = (variant, other, floor) =>
  atLeast(
    `many publishers: highest rate, ${variant} / ${other}`,
    floor,
    ['publishers', variant, other],
    ratio('publishers', variant, other, 'highest_passing_rate'),
  )
const latency = key =>
  atMost(
    `light load: ${key}, imgate / bare`,
    1.15,
    ['light', 'imgate', 'bare'],
    ratio('light', 'imgate', 'bare', `${key}_ms`),
  )
const closedLoop = (variant, members) =>
  atLeast(
    `closed loop, room of ${members}: deliveries, ${variant} / bare`,
    1,
    [`fanout-${members}`, variant, 'bare'],
    ratio(`fanout-${members}`, variant, 'bare', 'deliveries_per_s'),
  )
const memory = (variant, bytes) =>
  atMost(
    `memory per idle member, ${variant}, bytes`,
    bytes,
    ['idle', variant],
    figure('idle', variant, 'rss_per_connection'),
  )
const pushes = (other, floor) =>
  atLeast(
    `HTTP push to a room of one: pushes/s, imgate / ${other}`,
    floor,
    ['push-one', 'imgate', other],
    ratio('push-one', 'imgate', other, 'pushes_per_s'),
  )
const flat = (name, key) =>
  atMost(`${name} at ${MANY.unit} / at ${FEW.unit}`, FLAT, ['growth', 'imgate'], found => {
    const [few, many] = [FEW, MANY].map(({ count }) => found.median('growth', 'imgate', `${key}_${count}`))
    return many / few
  })

export const criteria = [
  highest('imgate', 'bare', 3),
  highest('imgate tcp', 'bare', 3),
  highest('imgate json', 'bare', 2),
  atMost(
    '800 messages a second: server CPU per delivery, imgate / bare',
    0.5,
    ['cpu', 'imgate', 'bare'],
    ratio('cpu', 'imgate', 'bare', 'server_us_per_delivery'),
  ),
  atLeast(
    'twice the highest rate: deliveries, of those at the highest rate',
    0.9,
    ['overload', 'imgate'],
    figure('overload', 'imgate', 'deliveries_of_highest'),
  ),
  atMost(
    'twice the highest rate: growth of memory for each member, bytes',
    QUEUE_BYTES_MAX,
    ['overload', 'imgate'],
    figure('overload', 'imgate', 'rss_growth_per_member'),
  ),
  atMost(
    'twice the highest rate: deliveries missing at members that were not closed',
    0,
    ['overload', 'imgate'],
    figure('overload', 'imgate', 'lost'),
  ),
  atMost(
    'twice the highest rate: closed members that the gateway did not count',
    0,
    ['overload', 'imgate'],
    figure('overload', 'imgate', 'closed_uncounted'),
  ),
  latency('p50'),
  latency('p99'),
  ...['imgate', 'imgate tcp', 'imgate json'].flatMap(variant =>
    [100, 1000, 5000].map(members => closedLoop(variant, members)),
  ),
  highest('imgate', 'nats', 5),
  highest('imgate', 'nchan', 10),
  highest('imgate', 'ws', 20),
  highest('imgate', 'socketio', 20),
  pushes('bare', 0.6),
  pushes('nchan', 1),
  atLeast(
    'sign-in rate, imgate / handshakes of bare',
    0.4,
    ['signin', 'imgate', 'bare'],
    ratio('signin', 'imgate', 'bare', 'signin_per_s'),
  ),
  memory('imgate', 2200),
  memory('imgate tcp', 5000),
  atMost(
    "other worker's room / one's own: server CPU per delivery",
    1.15,
    ['placement', 'imgate, 2 workers'],
    figure('placement', 'imgate, 2 workers', 'other_of_own'),
  ),
  flat('top list of rooms', 'rooms_top_us'),
  flat('top list of groups', 'groups_top_us'),
  flat('join of a room', 'rooms_join_us'),
  flat('join of a group', 'groups_join_us'),
]

/** @returns of each criterion that this run can tell of: what is asked, what was reached; in a full run of all of them */
export function judged({ cases, isFull }) {
  const found = findings(cases)
  return criteria.flatMap(({ name, floor, ceiling, of: [id, ...variants], value }) => {
    const reached = value(found)
    const isKnown = Number.isFinite(reached)
    if (!isKnown && !isFull) return []
    const isMet =
      isKnown && reached >= (floor ?? Number.NEGATIVE_INFINITY) && reached <= (ceiling ?? Number.POSITIVE_INFINITY)
    const isSound = found.isSound(id, ...variants)
    return [{ name, floor, ceiling, reached: isKnown ? reached : null, isMet, isSound }]
  })
}

const shown = value => value.toLocaleString('en-US', { maximumFractionDigits: Math.abs(value) < 100 ? 2 : 0 })

export function reachTable(run) {
  const rows = judged(run).map(({ name, floor, ceiling, reached, isMet, isSound }) => [
    name,
    floor === undefined ? `at most ${shown(ceiling)}` : `at least ${shown(floor)}`,
    reached === null ? 'not measured' : `${shown(reached)}${isSound ? '' : ' (refused runs)'}`,
    isMet ? 'yes' : 'no',
  ])
  return rows.length === 0 ? '' : markdown([['criterion', 'asked', 'reached', 'met'], ...rows])
}
