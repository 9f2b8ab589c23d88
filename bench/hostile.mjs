/* What others notice of one client that does its worst: 20 devices chat in a room, and calm and attack take turns. It prints
 * the p99 of their deliveries in both and the gateway's memory. The gateway has one processor, the clients the other.
 * Run: npm run build && taskset -c 1 node bench/hostile.mjs [seconds of each attack, 12] [name of one attack] */
import { fileURLToPath } from 'node:url'
import { Command } from '../dist/protocol/command.js'
import { killAll, start } from '../native-bench/run/processes.mjs'
import { attacks } from './attacks.mjs'
import { Device, median, percentile, register, residentMb, startGateway } from './devices.mjs'

const SECONDS = Number(process.argv[2] ?? 12)
const WANTED = process.argv[3] ?? ''
const CALM_SECONDS = 6
const MEMBERS = 20
const CHATS_PER_SECOND = 200
const ROOM = 7
const GROUP_MEMBERS = 2000
const ATTACKER = 9_000_000

const gateway = await startGateway({ IMGATE_REQUEST_BYTES_PER_SECOND: String(1 << 20) })
const latencies = []
const devices = []
for (let uid = 1; uid <= MEMBERS; uid++) {
  const device = await Device.connect(gateway)
  await device.signIn(await register(gateway, uid))
  await device.request(Command.ROOM_JOIN, { uid, rid: ROOM })
  device.onFrame = hear
  devices.push(device)
}

/** The time of sending stands in the text: 16 digits of nanoseconds. */
function hear(command, body) {
  if (command !== Command.ROOM_CHAT) return
  const at = body.indexOf('at:')
  if (at >= 0) latencies.push(Number(process.hrtime.bigint() - BigInt(body.latin1Slice(at + 3, at + 23))) / 1e6)
}

let sent = 0
setInterval(() => {
  const due = Math.floor((performance.now() - startedAt) * (CHATS_PER_SECOND / 1000))
  for (; sent < due; sent++) {
    const text = `at:${String(process.hrtime.bigint()).padStart(20, '0')}`
    devices[sent % MEMBERS].send(Command.ROOM_CHAT, { rid: ROOM, level: 1, text })
  }
}, 2)
const startedAt = performance.now()

async function measured(seconds) {
  latencies.length = 0
  await new Promise(resolve => setTimeout(resolve, seconds * 1000))
  return { p99: percentile(latencies, 0.99), count: latencies.length }
}

/** A group as large as the largest that one message could list. */
async function makeGroup(uid) {
  const owner = await Device.connect(gateway)
  await owner.signIn(await register(gateway, uid))
  const { gid } = await owner.request(Command.GROUP_CREAT, { uid, name: 'large', desc: '' })
  for (let member = 0; member < GROUP_MEMBERS; member++) {
    await gateway.call(`group/config?action=add&option=member&gid=${gid}&uid=${10_000 + member}`)
  }
  await owner.end()
  return Number(gid)
}

const self = fileURLToPath(new URL('./attacks.mjs', import.meta.url))
const identity = await register(gateway, ATTACKER)
const gid = await makeGroup(ATTACKER)
await measured(CALM_SECONDS)

console.log('attack                    calm p99  attack p99  ratio   others got   RSS before  RSS after  (ms, MB)')
const ratios = []
for (const name of Object.keys(attacks).filter(one => WANTED === '' || one === WANTED)) {
  const calm = await measured(CALM_SECONDS)
  const before = residentMb(gateway.pid)
  const child = start(
    'nice',
    ['-n', '10', process.execPath, self, name, JSON.stringify({ ...identity, gid, ...portsOf(gateway) })],
    {
      cpus: '1',
    },
  )
  await measured(1)
  const attack = await measured(SECONDS)
  child.kill('SIGKILL')
  await child.ended
  const after = residentMb(gateway.pid)
  const later = await measured(CALM_SECONDS)
  const quiet = (calm.p99 + later.p99) / 2
  ratios.push(attack.p99 / quiet)
  console.log(
    [
      name.padEnd(24),
      quiet.toFixed(2).padStart(9),
      attack.p99.toFixed(2).padStart(11),
      (attack.p99 / quiet).toFixed(2).padStart(6),
      `${((attack.count / (SECONDS * CHATS_PER_SECOND * MEMBERS)) * 100).toFixed(1)} %`.padStart(12),
      before.toFixed(0).padStart(12),
      after.toFixed(0).padStart(10),
    ].join(' '),
  )
}
console.log(`median ratio ${median(ratios).toFixed(2)}, largest ${Math.max(...ratios).toFixed(2)}`)
await gateway.stop()
killAll()
process.exit(0)

function portsOf({ httpPort, tcpPort }) {
  return { httpPort, tcpPort }
}
