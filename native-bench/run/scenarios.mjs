// What is run, with which client options, and which figures of the client's report make the table.
//   compare: the servers in turn. Otherwise imgate alone.
//   servers: those that can do it, where not all can
//   command: the client's scenario, where it has another name
//   members: how many, where nothing was asked for and the usual 1000 are not it
//   figures: [name in the report, heading, digits, is a ratio of the two servers of interest]
//   plotted: the figure that answers the question, where it is not the first one

const ROOM_SIZE = 10
const PUSH_CONNECTIONS = 64

export const scenarios = {
  search: {
    title: o =>
      `Highest rate with p99 under ${o.p99} ms: room of ${o.members}, ${o.publishers} publishers, open loop, ${o.transport}, ${o.workers} worker(s)`,
    compare: true,
    args: o => [
      ...crowd(o),
      '--p99-ms',
      o.p99,
      ...(o.quick
        ? quickSearch(o)
        : ['--seconds', o.seconds, '--warmup', 1, '--rate-start', o.serverCount > 2 ? 100 : 200, '--tries', 2]),
    ],
    figures: [
      ['highest_passing_rate', 'highest rate, messages/s', 0, true],
      ['highest_passing_deliveries', 'deliveries/s there', 0, true],
      ['frames_per_s', 'frames/s there', 0, false],
      ['p50_ms', 'p50 there, ms', 1, false],
      ['p99_ms', 'p99 there, ms', 1, false],
      ['server_cores', 'server CPU there, cores', 2, false],
      ['server_us_per_delivery', 'server CPU per delivery there, us', 3, true],
      ['client_cores', 'client CPU there, cores', 2, false],
    ],
  },
  fanout: {
    title: o =>
      `Fan-out: room of ${o.members}, ${o.window} messages outstanding, closed loop, ${o.transport}, ${o.workers} worker(s)`,
    compare: true,
    args: o => [...crowd(o), '--window', o.window, '--seconds', o.seconds],
    figures: [
      ['publishes_per_s', 'publishes/s', 0, true],
      ['deliveries_per_s', 'deliveries/s', 0, true],
      ['frames_per_s', 'frames/s', 0, false],
      ['p50_ms', 'p50, ms', 1, false],
      ['p99_ms', 'p99, ms', 1, true],
      ['server_us_per_delivery', 'server CPU per delivery, us', 3, true],
      ['client_cores', 'client CPU, cores', 2, false],
    ],
  },
  rate: {
    title: o =>
      `${o.rate} messages/s: room of ${o.members}, ${o.publishers} publishers, open loop, ${o.transport}, ${o.workers} worker(s)`,
    compare: true,
    args: o => [...crowd(o), '--rate', o.rate, '--seconds', o.seconds],
    plotted: 'p99_ms',
    figures: [
      ['publishes_per_s', 'achieved rate, messages/s', 0, false],
      ['delivered_ratio', 'delivered / expected', 4, false],
      ['p50_ms', 'p50, ms', 2, true],
      ['p90_ms', 'p90, ms', 2, true],
      ['p99_ms', 'p99, ms', 2, true],
      ['p999_ms', 'p99.9, ms', 2, true],
      ['max_ms', 'max, ms', 2, false],
      ['server_cores', 'server CPU, cores', 2, true],
      ['client_cores', 'client CPU, cores', 2, false],
    ],
  },
  verify: {
    title: o => `Exactly once and in one order, chats and pushes, ${o.verifyWorkers} workers`,
    compare: false,
    runs: 1,
    workers: o => o.verifyWorkers,
    args: o => {
      const [ws, tcp] = o.quick ? [100, 200] : [500, 1000]
      return [
        '--ws-binary',
        ws,
        '--ws-json',
        ws,
        '--tcp',
        tcp,
        '--rooms',
        10,
        '--publishers',
        100,
        '--messages',
        50,
        '--pushes',
        100,
      ]
    },
    figures: [
      ['deliveries_expected', 'deliveries expected', 0],
      ['deliveries', 'deliveries', 0],
      ['acks', 'ACKs', 0],
      ['pushes', 'pushes', 0],
      ['duplicates', 'duplicates', 0],
      ['gaps', 'gaps', 0],
      ['order_breaks', 'order breaks', 0],
      ['faults', 'faults of any kind', 0],
    ],
  },
  signin: {
    title: o => `Sign-in: ${o.members} devices, ${o.transport}, ${o.workers} worker(s)`,
    compare: false,
    args: o => crowd(o),
    figures: [
      ['tickets_per_s', 'register + iplist, devices/s', 0],
      ['signin_per_s', 'connect + ONLINE + ROOM-JOIN, devices/s', 0],
      ['signin_server_cores', 'server CPU, cores', 2],
      ['signin_client_cores', 'client CPU, cores', 2],
    ],
  },
  rooms: {
    title: o =>
      `${o.roomRate} messages/s over ${o.rooms} rooms of ${ROOM_SIZE}, open loop, ${o.transport}, ${o.workers} worker(s)`,
    compare: true,
    command: 'rate',
    members: o => o.rooms * ROOM_SIZE,
    plotted: 'p99_ms',
    // One publisher in each room.
    args: o => [
      ...crowd({ ...o, publishers: o.rooms }),
      ...['--rooms', o.rooms, '--rate', o.roomRate, '--seconds', o.seconds],
    ],
    figures: [
      ['publishes_per_s', 'achieved rate, messages/s', 0, false],
      ['delivered_ratio', 'delivered / expected', 4, false],
      ['p50_ms', 'p50, ms', 2, true],
      ['p99_ms', 'p99, ms', 2, true],
      ['max_ms', 'max, ms', 2, false],
      ['server_cores', 'server CPU, cores', 2, true],
      ['client_cores', 'client CPU, cores', 2, false],
    ],
  },
  'push-one': push(1),
  'push-room': push(1000),
  reconnect: {
    title: o => `Reconnect: ${o.members} devices at once, ${o.transport}, ${o.workers} worker(s)`,
    compare: true,
    members: o => (o.quick ? 2000 : 10_000),
    args: o => crowd(o),
    figures: [
      ['reconnect_s', 'until all are back, s', 2, true],
      ['reconnect_per_s', 'devices/s', 0, false],
      ['reconnect_server_cores', 'server CPU, cores', 2, false],
      ['reconnect_client_cores', 'client CPU, cores', 2, false],
    ],
  },
  idle: {
    title: o => `Memory of ${o.members} idle connections, ${o.transport}, ${o.workers} worker(s)`,
    compare: true,
    members: o => (o.quick ? 2000 : 15_000),
    args: o => [...crowd(o), '--seconds', o.seconds],
    figures: [
      ['rss_per_connection', 'bytes per connection', 0, true],
      ['rss_before', 'server RSS before, bytes', 0, false],
      ['rss_held', 'server RSS with all, bytes', 0, false],
    ],
  },
}

function crowd(o) {
  return ['--members', o.members, '--publishers', o.publishers, '--transport', o.transport]
}

/** An application server's pushes, not the devices' own messages. */
function push(members) {
  return {
    title: o => `HTTP push to a room of ${o.members} over ${PUSH_CONNECTIONS} connections, ${o.workers} worker(s)`,
    compare: true,
    servers: ['imgate', 'nchan'],
    command: 'push',
    members: () => members,
    args: o => [...crowd(o), '--http-connections', PUSH_CONNECTIONS, '--seconds', o.seconds],
    figures: [
      ['pushes_per_s', 'pushes/s', 0, true],
      ['reply_p50_ms', 'reply p50, ms', 2, true],
      ['reply_p99_ms', 'reply p99, ms', 2, true],
      ['p50_ms', 'delivery p50, ms', 2, true],
      ['p99_ms', 'delivery p99, ms', 2, true],
      ['server_cores', 'server CPU, cores', 2, false],
      ['client_cores', 'client CPU, cores', 2, false],
    ],
  }
}

/** Less than a minute for all servers together: the more of them, the coarser. */
function quickSearch({ serverCount }) {
  const [seconds, warmup, start, growth, resolution] = serverCount > 2 ? [0.6, 0.3, 100, 4, 1] : [1, 0.4, 400, 2, 0.3]
  const timing = ['--seconds', seconds, '--warmup', warmup, '--tries', 1, '--patience', 1]
  return [...timing, '--rate-start', start, '--growth', growth, '--resolution', resolution]
}
