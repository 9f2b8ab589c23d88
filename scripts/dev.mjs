/* `npm run dev`: serves what is in src/, and serves it anew after each change that compiles. Options of the gateway follow
 * `--`. tsc compiles what has changed and says when it is done; the gateway is then drained (SIGTERM, as in production) and
 * started again. A change with errors leaves the running one alone. Ctrl-C and SIGTERM end both. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { ended, PROJECT, TSC } from './processes.mjs'

const MAIN = join(PROJECT, 'dist', 'main.js')
const RESULT = /Found (\d+) errors?\./

const say = text => console.error(`dev: ${text}`)

let gateway
/** Each start and stop waits for the one before. */
let lastStep = Promise.resolve()
/** How many restarts are asked for and not yet made: several changes during one drain need one restart. */
let restartsWanted = 0
let isEnding = false

async function stopGateway() {
  if (gateway === undefined) return
  gateway.child.kill('SIGTERM')
  await gateway.hasEnded
}

function startGateway() {
  const child = spawn(process.execPath, [MAIN, 'start', ...process.argv.slice(2)], {
    stdio: 'inherit',
  })
  const started = { child, hasEnded: ended(child) }
  gateway = started
  started.hasEnded.then(code => {
    if (gateway === started) gateway = undefined
    if (code !== 0 && !isEnding) say(`the gateway ended (${code ?? child.signalCode}); a change starts it again`)
  })
}

function restart() {
  restartsWanted += 1
  lastStep = lastStep.then(async () => {
    restartsWanted -= 1
    if (isEnding || restartsWanted > 0) return
    await stopGateway()
    if (!isEnding) startGateway()
  })
}

const compiler = spawn(process.execPath, [TSC, '-b', 'src', '--watch', '--preserveWatchOutput'], {
  cwd: PROJECT,
  stdio: ['ignore', 'pipe', 'inherit'],
})
createInterface({ input: compiler.stdout }).on('line', line => {
  if (line.trim() !== '') console.error(line)
  const errors = RESULT.exec(line)?.[1]
  if (errors === '0') restart()
  else if (errors !== undefined && gateway !== undefined) say('the gateway goes on with what compiled last')
})
const compilerHasEnded = ended(compiler)

async function end() {
  if (isEnding) return
  isEnding = true
  compiler.kill('SIGTERM')
  await Promise.all([compilerHasEnded, lastStep])
  await stopGateway()
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, end)
const code = await compilerHasEnded
if (!isEnding) {
  say(`tsc ended (${code})`)
  process.exitCode = 1
}
await end()
