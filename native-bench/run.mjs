// npm run bench: starts imgate and the bare server in turn, lets the native client measure them, prints Markdown tables.
// See README.md for what is measured and when a result is refused.
import { access, readFile, rm, writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { killAll, start } from './run/processes.mjs'
import { scenarios } from './run/scenarios.mjs'
import { startBare, startImgate } from './run/servers.mjs'
import { machine, table } from './run/table.mjs'
import { makeFolder, removeAllFolders, removeFolder } from './run/temporary.mjs'

const REFUSED = 3
const client = new URL('build/imgate-bench', import.meta.url).pathname

const { values: options } = parseArgs({
  options: {
    scenario: { type: 'string', default: 'search,verify' },
    servers: { type: 'string', default: 'imgate,bare' },
    runs: { type: 'string' },
    members: { type: 'string', default: '1000' },
    publishers: { type: 'string', default: '200' },
    transport: { type: 'string', default: 'ws-binary' },
    workers: { type: 'string', default: '1' },
    'verify-workers': { type: 'string', default: '2' },
    seconds: { type: 'string', default: '3' },
    window: { type: 'string', default: '8' },
    rate: { type: 'string', default: '400' },
    'p99-ms': { type: 'string', default: '50' },
    env: { type: 'string', multiple: true, default: [] },
    quick: { type: 'boolean', default: false },
    json: { type: 'string' },
  },
})
const settings = { ...options, p99: options['p99-ms'], verifyWorkers: options['verify-workers'] }
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

/** One client against one fresh server. @returns the client's report, with its exit code */
async function runOnce(name, scenario, directory) {
  const workers = scenario.workers?.(settings) ?? options.workers
  const server =
    name === 'bare'
      ? await startBare({ cpus: placement.server })
      : // A run that only checks may spread over all cores.
        await startImgate({ workers, cpus: scenario.compare ? placement.server : undefined, env: gatewayEnv })
  try {
    const file = join(directory, 'report.json')
    await rm(file, { force: true })
    const args = [scenario.name, '--http', server.http, '--server', name, '--server-pid', server.pid, '--json', file]
    const run = start(client, [...args, ...scenario.args(settings)].map(String), {
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

/** The servers in turn, run by run, so that a change of the machine's mood meets all of them. */
async function runScenario(name, directory) {
  const scenario = { name, ...scenarios[name] }
  const servers = scenario.compare && options.transport === 'ws-binary' ? options.servers.split(',') : ['imgate']
  const runs = scenario.runs ?? Number(options.runs ?? (options.quick ? 1 : 3))
  const results = Object.fromEntries(servers.map(server => [server, []]))
  for (let run = 1; run <= runs; run++) {
    for (const server of servers) {
      console.error(`\n== ${name}, ${server}, run ${run} of ${runs}`)
      results[server].push(await runOnce(server, scenario, directory))
    }
  }
  return { name, title: scenario.title(settings), figures: scenario.figures, results }
}

function present({ title, figures, results }) {
  // A refused run tells of something else; its figures stand in only where there are no others.
  const usable = Object.fromEntries(
    Object.entries(results).map(([server, reports]) => {
      const sound = reports.filter(report => report.exitCode === 0)
      return [server, sound.length > 0 ? sound : reports]
    }),
  )
  console.log(`\n### ${title}\n\n${table(figures, usable)}`)
  for (const [server, reports] of Object.entries(results)) {
    const refused = reports.filter(report => report.exitCode === REFUSED)
    const failed = reports.filter(report => report.exitCode !== 0 && report.exitCode !== REFUSED).length
    const reasons = [...new Set(refused.map(report => report.refused_because))].join('; ')
    if (refused.length > 0)
      console.log(`\nREFUSED: ${refused.length} of ${reports.length} runs of ${server}: ${reasons}.`)
    if (failed > 0) console.log(`\nFAILED: ${failed} of ${reports.length} runs of ${server}.`)
  }
}

async function main() {
  const names = options.scenario.split(',')
  const unknown = names.find(name => !Object.hasOwn(scenarios, name))
  if (unknown !== undefined) throw new Error(`no scenario ${unknown}; there are ${Object.keys(scenarios).join(', ')}`)
  await access(client).catch(() => {
    throw new Error(`${client} is not built: make -C native-bench`)
  })

  const directory = await makeFolder()
  const done = []
  try {
    for (const name of names) done.push(await runScenario(name, directory))
  } finally {
    await removeFolder(directory)
  }

  const where = machine()
  console.log(
    `\n${where.processor}, ${where.cores} cores, ${where.memoryGib} GiB, Linux ${where.kernel}, Node ${where.node}, ${where.date}; ` +
      `server on CPU ${placement.server ?? 'any'}, client on CPU ${placement.client ?? 'any'}`,
  )
  done.forEach(present)
  if (options.json)
    await writeFile(options.json, `${JSON.stringify({ machine: where, options, scenarios: done }, null, 2)}\n`)

  const codes = done.flatMap(({ results }) =>
    Object.values(results)
      .flat()
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
