import t from 'tap'
import { Bus } from '#dist/bus/bus.js'
import { Reactor } from '#dist/bus/reactor.js'
import { createRing } from '#dist/bus/ring.js'
import { createWakeWords, SharedWakeups } from '#dist/bus/wake.js'
import { systemClock } from '#dist/util/clock.js'

/** Longer than the safety net. */
const WHILE_MS = 250

t.test('what comes before a worker is complete waits in the rings', async t => {
  const [there, back] = [createRing(4096), createRing(4096)]
  const wakeups = new SharedWakeups(createWakeWords(1), 0)
  const peer = new Bus(0, [{ outgoing: there, incoming: back, generation: 0 }], wakeups, 4096, () => undefined)
  const heard: number[] = []
  let isComplete = false
  const bus = new Bus(0, [{ outgoing: back, incoming: there, generation: 0 }], wakeups, 4096, (_from, kind) => {
    if (isComplete) heard.push(kind)
  })
  const clock = systemClock(defect => {
    throw defect
  })
  const reactor = new Reactor(bus, clock, () => undefined)
  peer.begin(0, 7, 8)
  peer.end()
  reactor.wake()
  await new Promise(resolve => setTimeout(resolve, WHILE_MS))
  isComplete = true
  reactor.start()
  await new Promise(resolve => setTimeout(resolve, WHILE_MS))
  t.strictSame(heard, [7])
  reactor.stop()
})
