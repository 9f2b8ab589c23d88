/* Whether memory stays flat: clients come and go for half an hour from eight addresses, one in ten signs in and joins a room,
 * and stored pushes to rooms, users and everybody are renewed all the time. It prints the resident memory each minute and its
 * slope after the first third, as a share over the time measured.
 * Run: npm run build && taskset -c 1 node bench/soak.mjs [minutes, 30] [connects a second, 2000] */
import { Command } from '../dist/protocol/command.js'
import { Device, register, residentMb, startGateway } from './devices.mjs'

const MINUTES = Number(process.argv[2] ?? 30)
const CONNECTS_PER_SECOND = Number(process.argv[3] ?? 2000)
const DEVICES = 2000
const ROOMS = 50
const SIGN_IN_EACH = 10
const PUSHES_PER_SECOND = 20
const STEP_MS = 10
const SAMPLE_MS = 5000

const gateway = await startGateway({ IMGATE_LOG_LEVEL: 'info' })
const identities = []
for (let uid = 1; uid <= DEVICES; uid++) identities.push(await register(gateway, uid))

const startedAt = performance.now()
const samples = []
let [connects, pushes, failures, open, signedIn] = [0, 0, 0, 0, 0]

async function visit(number) {
  open++
  try {
    const device = await Device.connect(gateway, `127.0.0.${2 + (number % 8)}`)
    if (number % SIGN_IN_EACH === 0) await stay(device, identities[(number / SIGN_IN_EACH) % DEVICES])
    await device.end()
  } catch {
    failures++
  }
  open--
}

async function stay(device, identity) {
  const online = device
    .signIn(identity)
    .then(() => device.request(Command.ROOM_JOIN, { rid: 1 + (identity.uid % ROOMS) }))
  const isIn = await Promise.race([online.then(() => true), device.closed.then(() => false)])
  if (isIn) signedIn++
}

const targets = [
  number => `dim=room&rid=${1 + (number % ROOMS)}`,
  number => `dim=uid&uid=${1 + (number % DEVICES)}`,
  () => 'dim=broadcast',
]

function push(number) {
  const path = `push?${targets[number % targets.length](number)}&expire=10`
  return gateway.call(path, { method: 'POST', body: `news ${number}` }).catch(() => {
    failures++
  })
}

const driver = setInterval(() => {
  const seconds = (performance.now() - startedAt) / 1000
  // What could not be kept up with is left out, not heaped up.
  for (; connects < seconds * CONNECTS_PER_SECOND && open < 1000; connects++) visit(connects)
  for (; pushes < seconds * PUSHES_PER_SECOND; pushes++) push(pushes)
}, STEP_MS)
const sampler = setInterval(
  () => samples.push([(performance.now() - startedAt) / 60_000, residentMb(gateway.pid)]),
  SAMPLE_MS,
)
const reporter = setInterval(report, 60_000)

function report() {
  const [minutes, mb] = samples.at(-1)
  const rate = Math.round(connects / minutes / 60)
  console.log(
    `${minutes.toFixed(1)} min: ${mb.toFixed(1)} MB, ${rate} connects a second, ${signedIn} sign-ins, ${pushes} pushes, ` +
      `${failures} failures`,
  )
}

await new Promise(resolve => setTimeout(resolve, MINUTES * 60_000))
for (const timer of [driver, sampler, reporter]) clearInterval(timer)
report()
const { slope, mean, span } = fit(samples.filter(([minutes]) => minutes > MINUTES / 3))
console.log(
  `after ${(MINUTES / 3).toFixed(0)} min: ${mean.toFixed(1)} MB on average, ` +
    `${slope >= 0 ? '+' : ''}${((slope * span * 100) / mean).toFixed(2)} % over ${span.toFixed(1)} min`,
)
await gateway.stop()
process.exit(0)

/** Least squares. @returns the slope in MB a minute, the mean in MB, the time between the first and the last in minutes */
function fit(points) {
  const meanOf = index => points.reduce((sum, point) => sum + point[index], 0) / points.length
  const [x, y] = [meanOf(0), meanOf(1)]
  const over = points.reduce((sum, [minutes, mb]) => sum + (minutes - x) * (mb - y), 0)
  const under = points.reduce((sum, [minutes]) => sum + (minutes - x) ** 2, 0)
  return { slope: over / under, mean: y, span: points.at(-1)[0] - points[0][0] }
}
