import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { TRANSPORTS } from './support/client.js'
import { eventually } from './support/deadline.js'
import type { Device } from './support/device.js'
import { type Gateway, startGateway } from './support/gateway.js'
import { chatGroup, createGroup, joinGroup } from './support/group.js'
import { freshId } from './support/ids.js'
import { isConserved } from './support/metrics.js'
import { goOnlineAt, signInAtEach } from './support/placing.js'
import { chatRoom, joinRoom } from './support/room.js'

const folder = mkdtempSync(join(tmpdir(), 'imgate-fail-'))
const order = join(folder, 'worker')
t.teardown(() => rmSync(folder, { recursive: true, force: true }))
const preload = join(dirname(fileURLToPath(import.meta.url)), 'support', 'failing-worker.js')

/** Makes a worker fail, as a defect would, and waits until another one has taken its place. */
async function failWorker(gateway: Gateway, index: number): Promise<void> {
  const served = () =>
    gateway.process.log.filter(({ msg, worker }) => msg === 'a worker serves again' && worker === index).length
  const before = served()
  writeFileSync(`${order}.new`, String(index))
  renameSync(`${order}.new`, order)
  await eventually(
    async () => served(),
    count => count > before,
    `worker ${index} serves again`,
  )
}

async function isOnline(gateway: Gateway, { uid }: Device): Promise<boolean> {
  return (await gateway.api.ok('/im/query', { option: 'user-status', uid })).status === 1
}

t.test('a worker that fails is replaced, and the clients of the others go on as if nothing had been', async t => {
  const gateway = await startGateway(t, {
    env: { NODE_OPTIONS: `--import=${preload}`, IMGATE_TEST_FAIL_FILE: order },
  })
  // It logs the failures that this test makes.
  gateway.process.mustBeSound = false
  const rooms = Array.from({ length: 8 }, () => freshId())
  const transports = [...TRANSPORTS, ...TRANSPORTS, ...TRANSPORTS, ...TRANSPORTS]
  let devices = await signInAtEach(t, gateway, transports)
  /** The devices at each of the two workers. */
  let placed = [0, 1].map(worker => devices.filter((_, index) => index % 2 === worker))
  const gid = await createGroup(devices[0]!)
  for (const device of devices.slice(1)) await joinGroup(device, gid)
  for (const rid of rooms) for (const device of devices) await joinRoom(device, rid)

  for (const worker of [1, 0]) {
    await failWorker(gateway, worker)
    const [ended, stayed] = [placed[worker]!, placed[1 - worker]!]
    for (const { client } of ended) await client.closed
    for (const device of stayed) {
      t.equal((await device.client.answer('PING')).cmd, 'PONG', 'a client of the other worker is still there')
      t.ok(await isOnline(gateway, device), 'and online')
    }
    for (const rid of rooms) {
      const text = `after ${worker} in ${rid}`
      const ack = await chatRoom(stayed[0]!, rid, text)
      t.equal(ack.code, 0, 'who stayed is still a member')
      for (const { client } of stayed) await client.next('ROOM-CHAT', body => body.text === text)
    }
    t.equal((await chatGroup(stayed[0]!, gid, `after ${worker}`)).code, 0)
    for (const { client } of stayed) await client.next('GROUP-CHAT', body => body.text === `after ${worker}`)

    // Half of them at each worker: the next failure meets some of both.
    const back: Device[] = []
    for (const [index, device] of ended.entries()) {
      const { transport } = device.client
      const again = { ...device, ...(await goOnlineAt(t, gateway, index % 2, transport, device)) }
      for (const rid of rooms) await joinRoom(again, rid)
      back.push(again)
    }
    placed = [0, 1].map(at => [...(at === worker ? [] : stayed), ...back.filter((_, index) => index % 2 === at)])
    devices = [...stayed, ...back]
    const text = `all are back after ${worker}`
    t.equal((await chatRoom(devices.at(-1)!, rooms[0]!, text)).code, 0)
    for (const { client } of devices) await client.next('ROOM-CHAT', body => body.text === text)
  }
  await isConserved(t, gateway)
  t.equal((await gateway.process.stop()).code, 0)
})
