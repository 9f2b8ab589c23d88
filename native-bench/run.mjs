// npm run bench: starts imgate and its peers in turn, lets the native client measure them, prints Markdown tables.
// See README.md for what is measured and when a result is refused.
import { access, readFile, rm, writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { commit, machine } from './run/machine.mjs'
import { killAll, start } from './run/processes.mjs'
import { provenance, RUNS_MIN, section, writeResults } from './run/results.mjs'
import { scenarios } from './run/scenarios.mjs'
import { servers } from './run/servers.mjs'
import { REFUSED } from './run/summary.mjs'
import { makeFolder, removeAllFolders, removeFolder } from './run/temporary.mjs'

const MEMBERS = 1000
const client = new URL('build/imgate-bench', import.meta.url).pathname

const { values: options } = parseArgs({
  options: {
    scenario: { type: 'string', default: 'search,verify' },
    servers: { type: 'string', default: 'imgate,bare' },
    runs: { type: 'string' },
    members: { type: 'string' },
    publishers: { type: 'string', default: '200' },
    transport: { type: 'string', default: 'ws-binary' },
    workers: { type: 'string', default: '1' },
    'verify-workers': { type: 'string', default: '2' },
    seconds: { type: 'string', default: '3' },
    window: { type: 'string', default: '8' },
    rate: { type: 'string', default: '400' },
    rooms: { type: 'string', default: '1000' },
    'room-rate': { type: 'string', default: '4000' },
    'p99-ms': { type: 'string', default: '50' },
    env: { type: 'string', multiple: true, default: [] },
    quick: { type: 'boolean', default: false },
    json: { type: 'string' },
    results: { type: 'string' },
  },
})
const serverNames = options.servers === 'all' ? Object.keys(servers) : options.servers.split(',')
const settings = {
  ...options,
  serverCount: serverNames.length,
  p99: options['p99-ms'],
  verifyWorkers: options['verify-workers'],
  roomRate: options['room-rate'],
}
const runsAsked = Number(options.runs ?? (options.results ? RUNS_MIN : options.quick ? 1 : 3))
const gatewayEnv = Object.fromEntries(
  options.env.map(pair => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
)

// A server and its client share no core where there are two: else each would measure the other.
const cores = cpus().length
const serverCores = Math.min(Number(options.workers), cores - 1)
const placement =
  cores > 1 ? { server: serverCores > 1 ? `0-${serverCores - 1}` : '0', client: String(serverCores) } : {}

process.on('exit', () => {
  killAll()
  removeAllFolders()
})
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130))

/** The settings with what this scenario takes for granted. */
const settingsOf = scenario => ({ ...settings, members: options.members ?? scenario.members?.(settings) ?? MEMBERS })

/** One client against one fresh server. @returns the client's report, with its exit code */
async function runOnce(name, scenario, directory) {
  // A run that only checks may spread over all cores.
  const cpus = scenario.compare ? placement.server : undefined
  const workers = scenario.workers?.(settings) ?? options.workers
  const server = await servers[name].start({ workers, cpus, env: gatewayEnv })
  try {
    const file = join(directory, 'report.json')
    await rm(file, { force: true })
    const args = [
      scenario.command ?? scenario.name,
      '--http',
      server.http,
      '--server',
      name,
      '--server-pid',
      server.pid,
      '--json',
      file,
    ]
    const run = start(client, [...args, ...scenario.args(settingsOf(scenario))].map(String), {
      cpus: scenario.compare ? placement.client : undefined,
    })
    const { code, error } = await run.ended
    if (error) throw new Error(`${client} did not start: ${error.message} (run make -C native-bench)`)
    const report = await readFile(file, 'utf8').then(JSON.parse, () => ({}))
    return { ...report, exitCode: code }
  } finally {
    await server.stop()
  }
}

/** A peer that does not work is a failed run in the table, not the end of all others. */
async function tryOnce(name, scenario, directory) {
  try {
    return await runOnce(name, scenario, directory)
  } catch (error) {
    console.error(error.message)
    return { exitCode: 1, error: error.message }
  }
}

/** The servers in turn, run by run, so that a change of the machine's mood meets all of them. */
async function runScenario(name, versions, directory) {
  const scenario = { name, ...scenarios[name] }
  const isCompared = scenario.compare && options.transport === 'ws-binary'
  const able = Object.keys(versions).filter(server => scenario.servers?.includes(server) ?? true)
  const asked = isCompared ? able : ['imgate']
  const runs = scenario.runs ?? runsAsked
  const results = Object.fromEntries(asked.map(server => [server, versions[server] === null ? null : []]))
  for (let run = 1; run <= runs; run++) {
    for (const server of asked.filter(server => results[server] !== null)) {
      console.error(`\n== ${name}, ${server}, run ${run} of ${runs}`)
      results[server].push(await tryOnce(server, scenario, directory))
    }
  }
  return {
    name,
    title: scenario.title(settingsOf(scenario)),
    figures: scenario.figures,
    plotted: scenario.plotted,
    results,
  }
}

/** Which version of each server will be measured; null: it is not installed. */
async function prepare(names) {
  const versions = {}
  for (const name of names) versions[name] = (await servers[name].prepare()) ?? null
  return versions
}

function check(names, table, what) {
  const unknown = names.find(name => !Object.hasOwn(table, name))
  if (unknown !== undefined) throw new Error(`no ${what} ${unknown}; there are ${Object.keys(table).join(', ')}`)
}

async function main() {
  const names = options.scenario.split(',')
  check(names, scenarios, 'scenario')
  check(serverNames, servers, 'server')
  if (options.results !== undefined && !(runsAsked >= RUNS_MIN))
    throw new Error(`--results takes at least ${RUNS_MIN} runs`)
  await access(client).catch(() => {
    throw new Error(`${client} is not built: make -C native-bench`)
  })

  const versions = await prepare(serverNames)
  const directory = await makeFolder()
  const done = []
  try {
    for (const name of names) done.push(await runScenario(name, versions, directory))
  } finally {
    await removeFolder(directory)
  }

  const run = { machine: machine(), commit: commit(), placement, versions, options, scenarios: done }
  console.log(`\n${provenance(run)}`)
  for (const scenario of done) console.log(`\n${section(scenario)}`)
  if (options.json) await writeFile(options.json, `${JSON.stringify(run, null, 2)}\n`)
  if (options.results) await writeResults(options.results, run)

  const codes = done.flatMap(({ results }) =>
    Object.values(results)
      .flatMap(reports => reports ?? [])
      .map(report => report.exitCode),
  )
  if (codes.some(code => code !== 0 && code !== REFUSED)) return 1
  return codes.includes(REFUSED) ? REFUSED : 0
}

try {
  process.exitCode = await main()
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
}
