/* What all limits cost, beside what is limited: the CPU time of each judgement, in this process, and that of whole sign-ins
 * and pushes in a gateway with one worker whose limits are off; the share is the one over the other. CPU time, because time
 * on the wall of a shared machine says little. For the whole, the same gateway with all limits on as well:
 * npm run build && node bench/limits.mjs */
import { readFileSync } from 'node:fs'
import { createLimitTables, Limits } from '../dist/admission/limits.js'
import { Pace } from '../dist/admission/pace.js'
import { loadOptions } from '../dist/config/load.js'
import { systemClock } from '../dist/util/clock.js'
import { Device, median, register, startGateway } from './devices.mjs'

const ROUNDS = Number(process.env.ROUNDS ?? 5)
const SIGN_INS = 2000
const PUSHES = 4000
const DEVICES = 100
const JUDGEMENTS = 500_000
const ADDRESSES = 5000
/** Of /proc: a hundredth of a second. */
const TICK_US = 10_000

/** Far above what is done here: everything is judged and nothing refused. */
const ALL = {
  IMGATE_CONNECTIONS_PER_IP_MAX: '1000000',
  IMGATE_CONNECTS_PER_IP_PER_SECOND: '100000',
  IMGATE_BAD_SIGN_INS_PER_IP_PER_MINUTE: '100000',
  IMGATE_SESSIONS_PER_UID_MAX: '1000',
  IMGATE_CREATIONS_PER_USER_PER_MINUTE: '1000',
  IMGATE_REQUESTS_PER_SECOND: '100000',
  IMGATE_REQUEST_BYTES_PER_SECOND: '100000000',
  IMGATE_HTTP_REQUESTS_PER_KEY_PER_SECOND: '100000',
  IMGATE_OVERLOAD_DELAY_MS: '60000',
}

/** Microseconds of CPU that one call takes, the median of some rounds. */
function cpuOf(call) {
  for (let count = 0; count < JUDGEMENTS / 10; count++) call(count)
  const rounds = Array.from({ length: ROUNDS }, () => {
    const before = process.cpuUsage()
    for (let count = 0; count < JUDGEMENTS; count++) call(count)
    const { user, system } = process.cpuUsage(before)
    return (user + system) / JUDGEMENTS
  })
  return median(rounds)
}

function judgements() {
  const { options } = loadOptions({ env: { ...ALL, IMGATE_WORKERS: '2' }, flags: {} })
  const clock = systemClock(defect => {
    throw defect
  })
  const services = { clock, count: { add: () => undefined }, log: { warn: () => undefined } }
  const limits = new Limits(options, createLimitTables(options, [1, 2]), 0, services)
  const peers = Array.from({ length: ADDRESSES }, (_, index) => ({
    peer: { address: `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`, origin: '', isTls: false },
  }))
  const pace = new Pace()
  return {
    'a connection comes and goes': cpuOf(count => {
      const place = limits.connect(peers[count % ADDRESSES])
      if (typeof place === 'number') limits.left(place)
    }),
    'a sign-in': cpuOf(count => limits.isBarred(peers[count % ADDRESSES])),
    'a request of a session': cpuOf(() => {
      const now = clock.now()
      limits.pace.takeRequest(pace, now)
      limits.pace.takeBytes(pace, 200, now)
    }),
    'an HTTP request': cpuOf(() => limits.callsTooMuch(1)),
  }
}

function cpuOfProcess(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
  return (Number(fields[11]) + Number(fields[12])) * TICK_US
}

/** Microseconds of the gateway's CPU for one of each. */
async function wholes(env) {
  const gateway = await startGateway(env)
  const devices = []
  for (let index = 0; index < DEVICES; index++) devices.push(await register(gateway, 1000 + index))
  const measured = async (count, once) => {
    await Promise.all(Array.from({ length: 50 }, (_, index) => once(index)))
    const before = cpuOfProcess(gateway.pid)
    let next = 0
    const lane = async () => {
      while (next < count) await once(next++)
    }
    await Promise.all(Array.from({ length: 10 }, lane))
    return (cpuOfProcess(gateway.pid) - before) / count
  }
  const signIn = await measured(SIGN_INS, async index => {
    const device = await Device.connect(gateway)
    await device.signIn(devices[index % DEVICES])
    await device.end()
  })
  const listener = await Device.connect(gateway)
  await listener.signIn(devices[0])
  const push = await measured(PUSHES, () =>
    gateway.call(`push?dim=uid&uid=${devices[0].uid}`, { method: 'POST', body: 'x'.repeat(100) }),
  )
  await listener.end()
  await gateway.stop()
  return { signIn, push }
}

const costs = judgements()
for (const [name, us] of Object.entries(costs)) console.log(`${name.padEnd(30)} ${us.toFixed(3)} us`)
const off = []
const on = []
for (let round = 0; round < ROUNDS; round++) {
  off.push(await wholes({ IMGATE_LIMITS: 'off' }))
  on.push(await wholes(ALL))
}
const of = (rounds, what) => median(rounds.map(round => round[what]))
// ONLINE is a request as well.
const ofSignIn = costs['a connection comes and goes'] + costs['a sign-in'] + costs['a request of a session']
for (const [what, cost] of [
  ['signIn', ofSignIn],
  ['push', costs['an HTTP request']],
]) {
  const whole = of(off, what)
  const share = ((100 * cost) / whole).toFixed(2)
  console.log(
    `${what}: ${whole.toFixed(0)} us off, ${of(on, what).toFixed(0)} us on; judgements ${cost.toFixed(2)} us, ${share} %`,
  )
}
