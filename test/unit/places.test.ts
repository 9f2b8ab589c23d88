import { readFileSync } from 'node:fs'
import t from 'tap'
import { createPlaces, limitsWith, type PlaceLimits, Places, placeLimits, vacate } from '#dist/admission/places.js'
import { TurnedClock } from '../support/turned-clock.js'

/** With so many open files in all that the kernel's own count never says that there is room. */
const limits: PlaceLimits = { openFilesMax: 0, connectionsMax: 20, clientsMax: 12, reserve: 8 }

const memory = (workers: number) => createPlaces(workers)

t.test('all workers count together', async t => {
  const shared = memory(3)
  const clock = new TurnedClock()
  const workers = [0, 1, 2].map(index => new Places(shared, index, limits, clock))
  for (let client = 0; client < 12; client++) t.ok(workers[client === 0 ? 1 : 0]!.enterClient(true))
  t.notOk(workers[2]!.enterClient(true), 'the thirteenth, at another worker')
  workers[2]!.leaveClient()
  t.equal(workers[2]!.refused, 1)
  vacate(shared, 0)
  t.equal(workers[2]!.clients, 1, 'what was of the worker that ended is free')
  t.ok(workers[2]!.enterClient(true))
})

t.test('HTTP has its reserve when there are as many clients as may be, and takes no place of theirs', async t => {
  const places = new Places(memory(1), 0, limits, new TurnedClock())
  for (let client = 0; client < 12; client++) t.ok(places.enterClient(true))
  for (let http = 0; http < 8; http++) t.ok(places.enterHttp(true), `HTTP ${http}`)
  t.notOk(places.enterHttp(true), 'no file is left')
  places.leaveHttp()
  t.notOk(places.becomeClient(), 'an upgrade finds no place, and stays HTTP')
  places.leaveClient()
  t.ok(places.becomeClient())
  t.equal(places.clients, 12)
})

t.test('HTTP may use what clients leave free, and they what it leaves free of all but the reserve', async t => {
  const places = new Places(memory(1), 0, limits, new TurnedClock())
  for (let http = 0; http < 20; http++) t.ok(places.enterHttp(true))
  t.notOk(places.enterClient(true))
  places.leaveClient()
  places.leaveHttp()
  t.ok(places.enterClient(true), 'the reserve is in use: a free file is for anyone')
})

t.test('what is being closed counts until it is gone', async t => {
  const clock = new TurnedClock()
  const places = new Places(memory(1), 0, limits, clock)
  for (let client = 0; client < 12; client++) places.enterClient(true)
  places.leaveClient(8000)
  places.leaveClient(5000)
  t.equal(places.clients, 10)
  t.notOk(places.enterClient(true))
  places.leaveClient()
  places.leaveClient()
  t.ok(places.enterClient(true), 'the place of one that is closed')
  t.notOk(places.enterClient(true))
  places.leaveClient()
  clock.turn(8000)
  t.ok(places.enterClient(true))
  t.ok(places.enterClient(true))
})

t.test('when the kernel says that what was closed is gone, its place is free', async t => {
  // Before Linux 6.2 the kernel does not say it.
  const [major, minor] = readFileSync('/proc/sys/kernel/osrelease', 'utf8').split('.').map(Number) as [number, number]
  const places = new Places(memory(1), 0, { ...limits, openFilesMax: 100_000 }, new TurnedClock())
  for (let client = 0; client < 12; client++) places.enterClient(true)
  places.leaveClient(8000)
  t.equal(places.enterClient(true), major > 6 || (major === 6 && minor >= 2))
})

t.test('the limits follow the limit of open files, and what the gateway itself has open', async t => {
  t.strictSame(limitsWith(0, 2, 1024, 22), { openFilesMax: 1024, connectionsMax: 858, clientsMax: 805, reserve: 53 })
  t.equal(limitsWith(500, 2, 1024, 22).clientsMax, 500)
  t.equal(limitsWith(5000, 2, 1024, 22).clientsMax, 805, 'no more than there are files for')
  t.equal(limitsWith(0, 2, 1_048_576, 22).reserve, 256)
  t.throws(() => limitsWith(0, 2, 128, 22), /limit of open files is 128: 2 workers need at least 182; raise it/)
  const { openFilesMax, connectionsMax } = placeLimits(0, 1)
  t.ok(connectionsMax < openFilesMax - 48)
})
