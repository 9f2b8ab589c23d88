// The gate of CI: fails when imgate has fallen by more than a third beside the bare server, against bench/baseline.json.
// node native-bench/gate.mjs [--update]; --update measures and writes the baseline.
import { readFile, writeFile } from 'node:fs/promises'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { missingClient } from './run/build.mjs'
import { checks, FALL_MAX, isFallen, look, standing } from './run/gate.mjs'
import { commit, machine } from './run/machine.mjs'
import { killAll } from './run/processes.mjs'
import { servers } from './run/servers.mjs'
import { makeFolder, removeAllFolders } from './run/temporary.mjs'

const baselineFile = new URL('../bench/baseline.json', import.meta.url).pathname
const DIGITS = 3

process.on('exit', () => {
  killAll()
  removeAllFolders()
})
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130))

const shown = ratio => (ratio === undefined ? 'no figure' : ratio.toFixed(DIGITS))

async function update(context) {
  const ratios = {}
  for (const check of checks) {
    const ratio = standing(check, [await look(check, context)])
    if (ratio === undefined) throw new Error(`${check.name}: no run gave a figure; the baseline is as it was`)
    ratios[check.name] = Number(ratio.toFixed(DIGITS))
  }
  const { processor, cores, node, date } = machine()
  const baseline = { processor, cores, node, date, commit: commit() ?? 'unknown', ratios }
  await writeFile(baselineFile, `${JSON.stringify(baseline, null, 2)}\n`)
  console.log(JSON.stringify(ratios))
}

async function compare(context) {
  const { ratios } = await readFile(baselineFile, 'utf8')
    .then(JSON.parse)
    .catch(error => {
      throw new Error(`bench/baseline.json cannot be read (${error.message}): --update writes it`)
    })
  let failed = 0
  for (const check of checks) {
    const baseline = ratios[check.name]
    if (baseline === undefined) throw new Error(`bench/baseline.json knows no ${check.name}: --update writes it anew`)
    const looks = [await look(check, context)]
    // Once may be the machine's mood.
    if (isFallen(standing(check, looks), baseline)) looks.push(await look(check, context))
    const reached = standing(check, looks)
    const hasFailed = isFallen(reached, baseline)
    if (hasFailed) failed++
    const outcome = hasFailed ? 'FAILED' : 'passed'
    const floor = (baseline * (1 - FALL_MAX)).toFixed(DIGITS)
    console.log(
      `${outcome} ${check.name}: ${shown(reached)} of bare, baseline ${shown(baseline)}, at least ${floor} (${check.doc}${looks.length > 1 ? ', measured twice' : ''})`,
    )
  }
  console.log(`${checks.length - failed} passed, ${failed} failed`)
  return failed > 0 ? 1 : 0
}

async function main() {
  const { values } = parseArgs({ options: { update: { type: 'boolean', default: false } } })
  const missing = await missingClient()
  if (missing !== undefined) {
    console.log(`skipped: ${missing}`)
    console.log(`0 passed, 0 failed, ${checks.length} skipped`)
    return 0
  }
  const versions = { imgate: await servers.imgate.prepare(), bare: (await servers.bare.prepare()) ?? null }
  if (versions.bare === null) throw new Error('uWebSockets.js is not installed: npm ci')
  const context = { versions, env: {}, directory: await makeFolder(), found: () => undefined }
  if (!values.update) return compare(context)
  await update(context)
  return 0
}

try {
  // On purpose not left to the event loop: nothing that is still open may hold up CI.
  process.exit(await main())
} catch (error) {
  console.error(error.message)
  process.exit(1)
}
