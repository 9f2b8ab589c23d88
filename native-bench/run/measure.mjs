// One measurement: a fresh server, the native client set on it, the client's report.
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { CLIENT } from './build.mjs'
import { readMetrics } from './metrics.mjs'
import { placementOf } from './placement.mjs'
import { start } from './processes.mjs'
import { API_KEY, servers, startImgate } from './servers.mjs'
import { REFUSED } from './summary.mjs'
import { makeFolder, removeFolder } from './temporary.mjs'

const folder = new URL('../', import.meta.url).pathname

/**
 * What a gateway that has just started needs to be found empty: its devices were registered by one before it, on the same data.
 * @returns more arguments for the client, the data folder, and how to clean up
 */
async function ticketsFor(variant, { settings, env, directory, placement }) {
  const dataFolder = await makeFolder()
  const file = join(directory, 'tickets')
  const server = await startImgate({
    workers: variant.workers,
    cpus: placement.server,
    env,
    dataFolder,
    root: variant.root,
  })
  try {
    const args = [
      'tickets',
      '--http',
      server.http,
      '--api-key',
      API_KEY,
      '--transport',
      variant.transport,
      '--members',
      settings.members,
    ]
    const { code } = await start(CLIENT, [...args, '--tickets', file].map(String), {
      cpus: placement.client,
      stdout: 'ignore',
    }).ended
    if (code !== 0 && code !== REFUSED) throw new Error('no tickets')
  } finally {
    await server.stop()
  }
  return { dataFolder, argsFor: ({ tcp }) => ['--tickets', file, '--tcp-address', tcp] }
}

/** @param scenario a row of scenarios/ with a `command`, or a `script` that starts its own servers
 *  @returns the report, with the exit code */
async function measureOnce(variant, scenario, { settings, found, env, directory }) {
  const { isPinned = true } = scenario
  const asked = scenario.args(settings, variant, found)
  const placement = isPinned ? placementOf(variant.workers) : {}
  const file = join(directory, 'report.json')
  await rm(file, { force: true })
  const report = async child => {
    const { code, error } = await child.ended
    if (error) throw new Error(`${CLIENT} did not start: ${error.message}`)
    return { ...(await readFile(file, 'utf8').then(JSON.parse, () => ({}))), exitCode: code }
  }
  if (scenario.script) {
    const args = [join(folder, scenario.script), '--json', file, ...asked]
    return report(start(process.execPath, args.map(String), { cpus: placement.client }))
  }
  const isFresh = scenario.startsFresh === true && variant.server === 'imgate'
  const tickets = isFresh ? await ticketsFor(variant, { settings, env, directory, placement }) : undefined
  const dataFolder = tickets?.dataFolder
  const server = await servers[variant.server].start({
    workers: variant.workers,
    cpus: placement.server,
    env,
    dataFolder,
    root: variant.root,
  })
  try {
    const args = [
      scenario.command,
      ...['--http', server.http, '--server', variant.server, '--server-pid', server.pid, '--json', file],
      ...(variant.server === 'imgate' ? ['--api-key', API_KEY] : []),
      ...(asked.includes('--tcp') ? [] : ['--transport', variant.transport]),
      ...asked,
      ...(tickets?.argsFor(server) ?? []),
    ]
    const told = await report(start(CLIENT, args.map(String), { cpus: placement.client, stdout: 'ignore' }))
    const hasMetrics = scenario.metrics !== undefined && variant.server === 'imgate'
    return hasMetrics ? { ...told, ...(await readMetrics(server.http, scenario.metrics)) } : told
  } finally {
    await server.stop()
    if (dataFolder !== undefined) await removeFolder(dataFolder)
  }
}

/** A peer that does not work is a failed run in the table, not the end of all others. */
export async function measure(variant, scenario, context) {
  try {
    return await measureOnce(variant, scenario, context)
  } catch (error) {
    console.error(error.message)
    return { exitCode: 1, error: error.message }
  }
}
