// Growth from 1000 to 1,000,000 rooms, and groups in the store: what joins, top lists and the start cost at each size.
// Run alone: node native-bench/growth.mjs [--json FILE]; the report has the form of the native client's.
import { writeFile } from 'node:fs/promises'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { growGroups } from './run/growth/groups.mjs'
import { growRooms } from './run/growth/rooms.mjs'
import { killAll } from './run/processes.mjs'
import { removeAllFolders } from './run/temporary.mjs'

const PATIENCE_MS = 300_000

process.on('exit', () => {
  killAll()
  removeAllFolders()
})
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130))

const { values } = parseArgs({ options: { json: { type: 'string' } } })
const report = { scenario: 'growth', server: 'imgate' }
const tell = (name, value) => {
  report[name] = value
  console.error(`  ${name.padEnd(26)} ${value.toFixed(2)}`)
}

const late = setTimeout(() => {
  console.error(`growth is not over after ${PATIENCE_MS / 1000} s`)
  process.exit(1)
}, PATIENCE_MS)
try {
  await growRooms(tell)
  await growGroups(tell)
} catch (error) {
  console.error(error.stack)
  process.exitCode = 1
}
clearTimeout(late)
if (values.json) await writeFile(values.json, `${JSON.stringify(report)}\n`)
