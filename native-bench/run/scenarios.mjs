// What is run, with which client options, and which figures of the client's report make the table.
//   compare: imgate and the bare server in turn. Otherwise imgate alone.
//   figures: [name in the report, heading, digits, is a ratio of the two servers of interest]

export const scenarios = {
  search: {
    title: o =>
      `Highest rate with p99 under ${o.p99} ms: room of ${o.members}, ${o.publishers} publishers, open loop, ${o.transport}, ${o.workers} worker(s)`,
    compare: true,
    args: o => [
      ...crowd(o),
      ...(o.quick
        ? [
            '--p99-ms',
            o.p99,
            '--seconds',
            1,
            '--warmup',
            0.4,
            '--rate-start',
            400,
            '--growth',
            2,
            '--resolution',
            0.3,
            '--tries',
            1,
          ]
        : ['--p99-ms', o.p99, '--seconds', o.seconds, '--warmup', 1, '--rate-start', 200, '--tries', 2]),
    ],
    figures: [
      ['highest_passing_rate', 'highest rate, messages/s', 0, true],
      ['highest_passing_deliveries', 'deliveries/s there', 0, true],
      ['frames_per_s', 'WebSocket messages/s there', 0, false],
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
      ['frames_per_s', 'WebSocket messages/s', 0, false],
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
  idle: {
    title: o => `Memory of ${o.members} idle connections, ${o.transport}, ${o.workers} worker(s)`,
    compare: true,
    args: o => [...crowd(o), '--seconds', o.seconds],
    figures: [
      ['rss_before', 'server RSS before, bytes', 0, false],
      ['rss_held', 'server RSS with all, bytes', 0, false],
      ['rss_per_connection', 'bytes per connection', 0, true],
    ],
  },
}

const crowd = o => ['--members', o.members, '--publishers', o.publishers, '--transport', o.transport]
