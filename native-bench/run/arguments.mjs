// The command line of run.mjs.
import process from 'node:process'
import { parseArgs } from 'node:util'
import { QUICK, scenarios } from './scenarios/index.mjs'
import { servers } from './servers.mjs'

const RUNS = 5
const bench = new URL('../../bench/', import.meta.url).pathname

// Those with a setting replace what the scenario takes for it.
const OPTIONS = {
  servers: { doc: `comma separated: ${Object.keys(servers).join(', ')}` },
  runs: { doc: `interleaved runs; ${RUNS}, in a quick run 1` },
  members: { setting: 'members', doc: 'members, where the scenario has others' },
  publishers: { setting: 'publishers', doc: 'how many of them publish' },
  payload: { setting: 'payload', doc: 'bytes of text in each message' },
  window: { setting: 'window', doc: 'messages outstanding, closed loop' },
  rate: { setting: 'rate', doc: 'messages a second, open loop; publishers: the first one tried' },
  seconds: { setting: 'seconds', doc: 'length of a measured stretch' },
  warmup: { setting: 'warmup', doc: 'seconds before it' },
  'p99-ms': { setting: 'p99', doc: 'limit of publishers' },
  env: { multiple: true, doc: 'NAME=VALUE, more environment for imgate; may be repeated' },
  quick: { type: 'boolean', doc: 'imgate and bare, one run, coarse, under a minute in all' },
  before: { doc: 'folder of another build of imgate, to be measured in turn with this one' },
  results: { doc: 'folder for results.json, results.md and results.svg; of a full run bench/' },
  help: { type: 'boolean', doc: 'this' },
}

export class UsageError extends Error {}

function usage() {
  const row = (name, doc) => `  ${name.padEnd(14)} ${doc}`
  return [
    'npm run bench [-- SCENARIO ...] [-- --option value ...]',
    ...Object.entries(scenarios).map(([name, { question }]) => row(name, question)),
    ...Object.entries(OPTIONS).map(([name, { doc }]) => row(`--${name}`, doc)),
  ].join('\n')
}

function refuse(why) {
  throw new UsageError(`${why}\n${usage()}`)
}

function parse(argv) {
  const options = Object.fromEntries(
    Object.entries(OPTIONS).map(([name, { type = 'string', multiple = false }]) => [name, { type, multiple }]),
  )
  try {
    return parseArgs({ args: argv, options, allowPositionals: true })
  } catch (error) {
    return refuse(error.message)
  }
}

function check(names, table, what) {
  const unknown = names.find(name => !Object.hasOwn(table, name))
  if (unknown !== undefined) refuse(`no ${what} ${unknown}; there are ${Object.keys(table).join(', ')}`)
}

function settingsIn(values) {
  const asked = {}
  for (const [name, { setting }] of Object.entries(OPTIONS)) {
    if (setting === undefined || values[name] === undefined) continue
    const value = Number(values[name])
    if (!(value > 0)) refuse(`--${name}: not a number above 0: ${values[name]}`)
    asked[setting] = value
  }
  return asked
}

/** @returns what to do: `{ names, serverNames, runs, asked, isQuick, isFull, env, resultsFolder }`
 *  @throws UsageError with the list of what there is */
export function readArguments(argv) {
  const { values, positionals } = parse(argv)
  if (values.help) {
    console.log(usage())
    process.exit(0)
  }
  const isQuick = values.quick ?? false
  const isFull = !isQuick && positionals.length === 0
  const names = positionals.length > 0 ? positionals : isQuick ? QUICK : Object.keys(scenarios)
  check(names, scenarios, 'scenario')
  const serverNames = values.servers?.split(',') ?? (isQuick ? ['imgate', 'bare'] : Object.keys(servers))
  check(serverNames, servers, 'server')
  const runs = Number(values.runs ?? (isQuick ? 1 : RUNS))
  if (!Number.isInteger(runs) || runs < 1) refuse(`--runs: not a number of runs: ${values.runs}`)
  const pairs = (values.env ?? []).map(pair => /^([^=]+)=(.*)$/.exec(pair) ?? refuse(`--env: not NAME=VALUE: ${pair}`))
  return {
    names,
    serverNames,
    runs,
    asked: settingsIn(values),
    isQuick,
    isFull,
    before: values.before,
    env: Object.fromEntries(pairs.map(([, name, value]) => [name, value])),
    resultsFolder: values.results ?? (isFull ? bench : undefined),
  }
}
