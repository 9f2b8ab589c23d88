import t from 'tap'
import { TRANSPORTS } from './support/client.js'
import type { Device } from './support/device.js'
import { startFailing } from './support/fail-worker.js'
import type { Gateway } from './support/gateway.js'
import { chatGroup, createGroup, joinGroup } from './support/group.js'
import { freshId } from './support/ids.js'
import { isConserved } from './support/metrics.js'
import { goOnlineAt, signInAtEach } from './support/placing.js'
import { chatRoom, joinRoom } from './support/room.js'

async function isOnline(gateway: Gateway, { uid }: Device): Promise<boolean> {
  return (await gateway.api.ok('/im/query', { option: 'user-status', uid })).status === 1
}

t.test('a worker that fails is replaced, and the clients of the others go on as if nothing had been', async t => {
  const { gateway, fail } = await startFailing(t)
  const rooms = Array.from({ length: 8 }, () => freshId())
  const transports = [...TRANSPORTS, ...TRANSPORTS, ...TRANSPORTS, ...TRANSPORTS]
  let devices = await signInAtEach(t, gateway, transports)
  /** The devices at each of the two workers. */
  let placed = [0, 1].map(worker => devices.filter((_, index) => index % 2 === worker))
  const gid = await createGroup(devices[0]!)
  for (const device of devices.slice(1)) await joinGroup(device, gid)
  for (const rid of rooms) for (const device of devices) await joinRoom(device, rid)

  for (const worker of [1, 0]) {
    await fail(worker)
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
