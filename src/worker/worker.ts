import { randomUUID } from 'node:crypto'
import { closeSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { Bus } from '../bus/bus.ts'
import { Calls, type Refused } from '../bus/calls.ts'
import { Reactor } from '../bus/reactor.ts'
import { type ChatRecord, ChatScope, RecordKind, readChat, readDeliver, readFanout } from '../bus/records.ts'
import { type Methods, methods } from '../contract/methods.ts'
import { localPlacement } from '../contract/placement.ts'
import { Fanout } from '../fanout/fanout.ts'
import type { Api } from '../http/api.ts'
import { Directory } from '../http/directory.ts'
import { openIpDatabase } from '../http/ip-database.ts'
import { Keys } from '../http/keys.ts'
import { openApi } from '../http/openapi.ts'
import { Router } from '../http/router.ts'
import { routes } from '../http/routes.ts'
import { HttpServer } from '../http/server.ts'
import { Jobs } from '../jobs/jobs.ts'
import { Counters } from '../ops/counters.ts'
import { createLog } from '../ops/log.ts'
import { metricsPage } from '../ops/metrics.ts'
import type { DataKind } from '../protocol/json-format.ts'
import { Broadcasts } from '../session/broadcasts.ts'
import { Congestion } from '../session/congestion.ts'
import type { Gate } from '../session/gate.ts'
import { Hub } from '../session/hub.ts'
import { leaveEverything, topicKey } from '../session/membership.ts'
import { Tokens } from '../session/token.ts'
import { Watchers } from '../session/watchers.ts'
import { Broadcaster } from '../shard/broadcaster.ts'
import { Groups } from '../shard/groups.ts'
import { Idempotency } from '../shard/idempotency.ts'
import { Nodes, PROBE_EVERY_MS, storedNodes } from '../shard/nodes.ts'
import { Retained } from '../shard/retained.ts'
import { Rooms } from '../shard/rooms.ts'
import { refused, type Shard } from '../shard/shard.ts'
import { Statistics } from '../shard/statistics.ts'
import { Users } from '../shard/users.ts'
import { IdBlocks } from '../store/id-blocks.ts'
import { RetainedScope } from '../store/schema.ts'
import { isCommitFailure, Store } from '../store/store.ts'
import { idAt, key } from '../store/table.ts'
import { Admission, connectionShare } from '../transport/admission.ts'
import { ListenerType } from '../transport/connection.ts'
import { loadUws, type us_listen_socket } from '../transport/uws.ts'
import { stringify } from '../util/json.ts'
import { serveClients } from './clients.ts'
import { drainClients } from './drain.ts'
import { forgetTopicsOf, resyncWith } from './resync.ts'
import { sessionCalls } from './session-calls.ts'
import type { FromWorker, ToWorker, WorkerStart } from './shared.ts'

/** One worker: wires the parts together, in the order in which a message passes them. */

const start = workerData as WorkerStart
const { index: self, options } = start
const log = createLog(options.logLevel, { worker: self })
const uws = loadUws()
const app = uws.App()
// A thread that ends while its App is open aborts the process (docs/engine.md, 2).
process.on('exit', () => {
  app.close()
  if (ownsTcpFd) closeSync(start.tcpFd)
})
/** Until it is handed to the TCP server, which closes it. */
let ownsTcpFd = true
// lmdb rejects promises of its own besides ours when a commit fails; `Store.commit` has told who needs to know.
process.on('unhandledRejection', reason => {
  if (!isCommitFailure(reason)) throw reason
  log.error({ err: reason }, 'the store did not take a change')
})

const counters = new Counters(start.counters)
const count = counters.row(self)
const isDraining = () => Atomics.load(drainingWord, 0) === 1
const drainingWord = new Int32Array(start.draining)

const store = Store.open(options.dataDir)
const placement = localPlacement(start.links.length)
const blocks = (counter: string, size: number, first: number) =>
  new IdBlocks(store, counter, size, first, error => log.error({ err: error, counter }, 'no new block of numbers'))
const sids = blocks('sid', 1000, 1)
const msgids = blocks('msgid', 1_000_000, 1)
/** Chosen by the gateway: above what app servers usually number by hand. */
const newIds = blocks('id', 1000, 2 ** 40)

/** Logs what should not have happened, and says what is told of it to who asked. */
function onDefect(defect: unknown): Refused {
  const id = randomUUID()
  log.error({ err: defect, id }, 'defect')
  return refused('INTERNAL', `internal error: id ${id}`)
}

const bus = new Bus(self, start.links, start.wakeWords, options.ringBytes, (from, kind, block, at, end) => {
  try {
    onRecord(from, kind, block, at, end)
  } catch (defect) {
    onDefect(defect)
  }
})
const calls = new Calls<Methods>(bus, methods, options.callTimeoutMs, refused('BUSY'), onDefect)
const hub = new Hub({
  left: (session, state) => leaveEverything(gate, session, state),
  online(listener, sessions) {
    count.set(listener === ListenerType.TCP ? 'sessions_tcp' : 'sessions_ws', sessions)
    count.set('sessions', hub.online[ListenerType.TCP] + hub.online[ListenerType.WS])
  },
  closing: cause => count.add(`closed_${cause}_total`, 1),
  wake: () => reactor.wake(),
})
const fanout = new Fanout(
  options.flushHoldMaxMs,
  {
    published: messages => count.add('published_total', messages),
    flushed(deliveries, dropped) {
      count.add('flushes_total', 1)
      count.add('deliveries_total', deliveries)
      if (dropped > 0) count.add('dropped_total', dropped)
    },
  },
  () => reactor.wake(),
)
const congestion = new Congestion(bus)
const reactor = new Reactor(bus, start.wakeWords, () => {
  hub.flush()
  fanout.flush()
  congestion.relieve()
})
const broadcasts = new Broadcasts(hub, fanout)
const watchers = new Watchers(hub)
const tokens = new Tokens(store.tokenKey)
const gate: Gate = {
  options,
  bus,
  calls,
  placement,
  hub,
  fanout,
  store,
  tokens,
  broadcasts,
  watchers,
  congestion,
  newIds,
  onDefect,
}

let lastTopic = 0
const retained = new Retained(store, bus, placement)
const shard: Shard = {
  options,
  bus,
  calls,
  placement,
  store,
  msgids,
  retained,
  broadcasts,
  log,
  nextTopic: () => ++lastTopic,
}
const users = new Users(shard, online => count.set('users', online))
const groups = new Groups(shard)
const rooms = new Rooms(shard)
const idempotency = new Idempotency(shard)
const nodes = new Nodes(shard)
const statistics = new Statistics(shard, () => ({ users: counters.sum('users'), sessions: counters.sum('sessions') }))
const directory = new Directory(start.listeners)
directory.added = storedNodes(store)
const chats = { [ChatScope.USER]: users, [ChatScope.GROUP]: groups, [ChatScope.ROOM]: rooms }
calls.serve({
  ...users.handlers,
  ...groups.handlers,
  ...rooms.handlers,
  ...new Broadcaster(shard).handlers,
  ...idempotency.handlers,
  ...nodes.handlers,
  ...statistics.handlers,
  nodesChanged(change) {
    directory.added = change.nodes
    return {}
  },
  ...sessionCalls(gate),
})

const chat: ChatRecord = { scope: ChatScope.USER, seq: 0, target: 0, uid: 0, sid: 0, cid: 0, level: 0, fieldCount: 0 }

function onRecord(from: number, kind: number, block: Buffer, at: number, end: number): void {
  switch (kind) {
    case RecordKind.CHAT: {
      const fieldsAt = readChat(block, at, chat)
      chats[chat.scope].chat(chat, from, block, fieldsAt, end)
      return
    }
    case RecordKind.FANOUT: {
      const { topic, dataKind, frameAt } = readFanout(block, at)
      fanout.publish(topicKey(from, topic), block, frameAt, end, dataKind as DataKind)
      return
    }
    case RecordKind.DELIVER: {
      const { cid, dataKind, frameAt } = readDeliver(block, at)
      const session = hub.get(cid)
      if (session !== undefined) hub.deliver(session, Buffer.from(block.subarray(frameAt, end)), dataKind as DataKind)
      return
    }
    case RecordKind.CALL:
    case RecordKind.CALL_HERE:
      calls.onCall(from, block, at, end, kind === RecordKind.CALL_HERE)
      return
    case RecordKind.REPLY:
    case RecordKind.REPLY_HERE:
      calls.onReply(block, at, end, kind === RecordKind.REPLY_HERE)
      return
    default:
      throw new Error(`a record of kind ${kind} from worker ${from}`)
  }
}

const admission = new Admission(connectionShare(options.connectionsMax, start.links.length))
const jobs = new Jobs()
const placeOf = await openIpDatabase(options.ipDatabase)
const api: Api = { options, calls, placement, store, tokens, counters, sids, directory, placeOf, jobs, log }
const openApiText = stringify(openApi(routes))
const http = new HttpServer(app, {
  api,
  router: new Router(routes),
  keys: new Keys(options.apiKeys),
  isServing: () => !isDraining(),
  isReady: () => !isDraining() && counters.sum('up') === start.links.length,
  metricsPage: () => metricsPage(counters),
  openApi: () => openApiText,
  answered: () => count.add('http_requests_total', 1),
})

function tell(message: FromWorker): void {
  parentPort!.postMessage(message)
}

function listenHttp(): Promise<us_listen_socket> {
  return new Promise((resolve, reject) => {
    app.listen(options.httpHost, start.httpPort, socket => {
      if (socket) resolve(socket)
      else reject(new Error(`cannot listen on ${options.httpHost}:${start.httpPort}`))
    })
  })
}

function restoreBroadcasts(): void {
  const now = Date.now()
  const kept = store.tables.retained.list(key(RetainedScope.ALL, 0))
  broadcasts.restore(
    kept
      .filter(({ value }) => value.expiresAt > now)
      .map(({ key: at, value: { dataKind, ...rest } }) => ({
        ...rest,
        msgid: idAt(at, 2) as number,
        dataKind: dataKind as DataKind,
      })),
  )
}

function everySecond(): void {
  const now = performance.now()
  calls.expire(now)
  http.expire(now)
  rooms.tellCounts()
  groups.prune(now)
  groups.saveCounts()
  retained.prune(Date.now(), scope => scope === RetainedScope.ALL && broadcasts.hasValid)
  idempotency.prune(Date.now())
  count.set('topics', fanout.topics)
  count.set('rooms', rooms.size)
  count.set('groups', groups.size)
  count.set('ring_overflow_total', bus.overflowed)
  count.set('paused_total', congestion.paused)
  count.set('refused_connections_total', admission.refused)
  const utilization = performance.eventLoopUtilization(lastUtilization)
  count.set('event_loop_utilization', utilization.utilization)
  lastUtilization = performance.eventLoopUtilization()
  reactor.wake()
}
let lastUtilization = performance.eventLoopUtilization()

await Promise.all([sids.start(), msgids.start(), newIds.start()])
restoreBroadcasts()
if (self === placement.ofAll) {
  statistics.start()
  nodes.announce()
  setInterval(
    () => nodes.probe().catch((error: unknown) => log.error({ err: error }, 'probing nodes failed')),
    PROBE_EVERY_MS,
  )
}
const clients = serveClients(gate, app, admission, count)
const httpSocket = await listenHttp()
ownsTcpFd = false
const tcpServer = await clients.listenTcp(start.tcpFd)
setInterval(everySecond, 1000)
setInterval(() => count.set('beat_ms', Date.now()), 250)
setInterval(
  () => hub.sweep(performance.now(), options.loginTimeoutMs, options.heartbeatMs * 3),
  Math.min(1000, options.loginTimeoutMs / 2, options.heartbeatMs),
)
reactor.wake()
count.set('up', 1)
tell({ type: 'ready' })

parentPort!.on('message', (message: ToWorker) => {
  switch (message.type) {
    case 'peerLost':
      loseOwner(message.worker)
      return
    case 'peerReplaced':
      // Whoever was itself being replaced has not heard of the loss.
      loseOwner(message.worker)
      bus.connect(message.worker, message.link)
      resyncWith(gate, message.worker)
      if (self === placement.ofAll) nodes.announce(message.worker)
      return
    case 'drain':
      drain().catch((error: unknown) => log.error({ err: error }, 'draining failed'))
      return
    case 'exit':
      exit().catch((error: unknown) => {
        log.fatal({ err: error }, 'the last changes may not be stored')
        process.exit(1)
      })
  }
})

/** A worker ended: its sessions are gone, and what it owned is to be told anew. */
function loseOwner(worker: number): void {
  bus.disconnect(worker)
  forgetTopicsOf(gate, worker)
  users.workerLost(worker)
  groups.workerLost(worker)
  rooms.workerLost(worker)
  calls.disconnect(worker)
}

async function drain(): Promise<void> {
  admission.isClosed = true
  uws.us_listen_socket_close(httpSocket)
  tcpServer.close()
  await drainClients(hub)
  await clients.allClosed()
  await http.allAnswered()
  await reactor.settle()
  tell({ type: 'drained' })
}

async function exit(): Promise<void> {
  count.set('up', 0)
  // Every worker has drained: what they told each other last is in the rings.
  await reactor.settle()
  reactor.stop()
  fanout.close()
  statistics.stop()
  await jobs.close()
  groups.saveCounts()
  await store.commit()
  app.close()
  process.exit(0)
}
