/* Looks into the threads of a running gateway on this machine.
 *
 *   node scripts/inspect.mjs PID cpu imgate-0 10      ten seconds of worker 0; a file, and where the time went
 *   node scripts/inspect.mjs PID heap imgate-0        what is in its heap: a file; the worker stands still meanwhile
 *   node scripts/inspect.mjs PID log shard/posting.js:29 chat.target [...]
 *                                                     what an expression is whenever a worker comes by there, to Ctrl-C
 *
 * `main` is the main thread. SIGUSR1 opens Node's inspector on 127.0.0.1:9229; workers are reached through the main thread
 * (NodeWorker), because they have no inspector port of their own. At the end it closes the inspector. */
import { once } from 'node:events'
import { createWriteStream, writeFileSync } from 'node:fs'
import { WebSocket } from 'ws'

const LIST = 'http://127.0.0.1:9229/json/list'
const OPENED_MS = 5000
const POLL_MS = 50
const TOP = 15
/** The first word of what a logpoint says. */
const MARK = 'inspect.mjs'

/** A line to one thread: requests by number, and events by name. */
class Session {
  #send
  #open = new Map()
  #listeners = new Map()
  #id = 0

  constructor(send) {
    this.#send = send
  }

  request(method, params = {}) {
    const id = ++this.#id
    const reply = new Promise((resolve, reject) => this.#open.set(id, { resolve, reject }))
    this.#send({ id, method, params })
    return reply
  }

  on(event, listener) {
    this.#listeners.set(event, listener)
  }

  take({ id, method, params, result, error }) {
    if (id === undefined) return this.#listeners.get(method)?.(params)
    const { resolve, reject } = this.#open.get(id)
    this.#open.delete(id)
    if (error === undefined) resolve(result)
    else reject(new Error(error.message))
  }
}

/** Opens the inspector of the process. @returns the address of its main thread */
async function openInspector(pid) {
  const isOpen = () =>
    fetch(LIST).then(
      reply => reply.json(),
      () => undefined,
    )
  if (await isOpen()) throw new Error('somebody has an inspector on 127.0.0.1:9229 already')
  process.kill(pid, 'SIGUSR1')
  const giveUpAt = performance.now() + OPENED_MS
  for (;;) {
    const targets = await isOpen()
    if (targets !== undefined) return targets[0].webSocketDebuggerUrl
    if (performance.now() > giveUpAt) throw new Error(`process ${pid} did not open its inspector`)
    await new Promise(resolve => setTimeout(resolve, POLL_MS))
  }
}

/** Sessions with all workers, by name, through the main thread. */
async function attach(main) {
  const workers = new Map()
  const byId = new Map()
  main.on('NodeWorker.attachedToWorker', ({ sessionId, workerInfo }) => {
    const send = message =>
      main.request('NodeWorker.sendMessageToWorker', { sessionId, message: JSON.stringify(message) })
    const session = new Session(send)
    byId.set(sessionId, session)
    workers.set(workerInfo.title.replace(/^\[worker \d+\] /, ''), session)
  })
  main.on('NodeWorker.receivedMessageFromWorker', ({ sessionId, message }) =>
    byId.get(sessionId).take(JSON.parse(message)),
  )
  await main.request('NodeWorker.enable', { waitForDebuggerOnStart: false })
  return workers
}

async function profileCpu(session, name, seconds) {
  await session.request('Profiler.enable')
  await session.request('Profiler.start')
  await new Promise(resolve => setTimeout(resolve, seconds * 1000))
  const { profile } = await session.request('Profiler.stop')
  const file = `${name}-${Date.now()}.cpuprofile`
  writeFileSync(file, JSON.stringify(profile))
  const usOf = new Map(profile.nodes.map(({ id }) => [id, 0]))
  for (const [index, id] of profile.samples.entries()) usOf.set(id, usOf.get(id) + profile.timeDeltas[index])
  const own = new Map()
  for (const { id, callFrame } of profile.nodes) {
    const where = `${callFrame.functionName || '(anonymous)'} ${callFrame.url.split('/').slice(-2).join('/')}`.trimEnd()
    own.set(where, (own.get(where) ?? 0) + usOf.get(id))
  }
  for (const [where, us] of [...own].sort((one, other) => other[1] - one[1]).slice(0, TOP)) {
    console.log(`${(us / 1000).toFixed(1).padStart(10)} ms  ${where}`)
  }
  return file
}

async function snapshotHeap(session, name) {
  const file = `${name}-${Date.now()}.heapsnapshot`
  const out = createWriteStream(file)
  session.on('HeapProfiler.addHeapSnapshotChunk', ({ chunk }) => out.write(chunk))
  await session.request('HeapProfiler.enable')
  await session.request('HeapProfiler.takeHeapSnapshot')
  out.end()
  await once(out, 'finish')
  return file
}

/** Breakpoints whose conditions are false each time, and say something on the way. @param points places and expressions */
async function logAt(workers, points) {
  for (const [name, session] of workers) {
    session.on('Runtime.consoleAPICalled', ({ args: [mark, place, ...values] }) => {
      if (mark?.value !== MARK) return
      console.log(name, place.value, ...values.map(({ value, description }) => value ?? description))
    })
    await session.request('Runtime.enable')
    await session.request('Debugger.enable')
    for (let at = 0; at < points.length; at += 2) {
      const [place, expression] = points.slice(at)
      const [, file, line] = /^(.+):(\d+)$/.exec(place)
      const { locations } = await session.request('Debugger.setBreakpointByUrl', {
        urlRegex: `/dist/${file.replaceAll('.', '\\.')}$`,
        lineNumber: line - 1,
        condition: `console.debug('${MARK}', '${place}', ${expression}), false`,
      })
      if (locations.length === 0) throw new Error(`${place}: no code there`)
    }
  }
  await Promise.race(['SIGINT', 'SIGTERM'].map(signal => once(process, signal)))
}

const USAGE = `usage: node scripts/inspect.mjs PID cpu [main|imgate-N] [SECONDS]
       node scripts/inspect.mjs PID heap [main|imgate-N]
       node scripts/inspect.mjs PID log FILE:LINE EXPRESSION ...     FILE: in dist/`

const [pid, what, where = 'imgate-0', detail = '10'] = process.argv.slice(2)
if (!/^\d+$/.test(pid ?? '') || !['cpu', 'heap', 'log'].includes(what)) {
  console.error(USAGE)
  process.exit(2)
}
const socket = new WebSocket(await openInspector(Number(pid)), { maxPayload: 0 })
const main = new Session(message => socket.send(JSON.stringify(message)))
socket.on('message', message => main.take(JSON.parse(message)))
await once(socket, 'open')
try {
  const workers = await attach(main)
  const session = where === 'main' ? main : workers.get(where)
  if (what === 'log') await logAt(workers, process.argv.slice(4))
  else if (session === undefined)
    throw new Error(`no thread ${where}; there are main, ${[...workers.keys()].join(', ')}`)
  else
    console.log(what === 'cpu' ? await profileCpu(session, where, Number(detail)) : await snapshotHeap(session, where))
} finally {
  // Closing waits until nobody is connected: later, when we are gone. `require` is there only during the evaluation, and
  // what throws later would end the gateway.
  const close = "{ const inspector = require('node:inspector'); setTimeout(() => inspector.close(), 100) }"
  await main.request('Runtime.evaluate', { expression: close, includeCommandLineAPI: true })
  socket.close()
}
