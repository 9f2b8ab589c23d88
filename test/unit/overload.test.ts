import t from 'tap'
import { Overload, SAMPLE_MS, Shed } from '#dist/admission/overload.js'
import { Shedding } from '#dist/admission/shedding.js'

const DELAY_MS = 100

/** A worker whose timers are late by so much, for so long. */
function loaded() {
  const overload = new Overload(DELAY_MS)
  let now = 0
  const levels: number[] = []
  const run = (lateMs: number, ms: number, fill = 0) => {
    for (const until = now + ms; now < until; ) {
      now += SAMPLE_MS
      overload.sample(lateMs, fill, now)
      if (levels.at(-1) !== overload.level) levels.push(overload.level)
    }
    return overload.level
  }
  return { overload, run, levels }
}

t.test('levels begin with the delay of the option, twice and four times of it', t => {
  for (const [lateMs, level] of [
    [0, 0],
    [90, 0],
    [110, 1],
    [190, 1],
    [210, 2],
    [390, 2],
    [410, 3],
    [10_000, 3],
  ] as const) {
    t.equal(loaded().run(lateMs, 5000), level, `${lateMs} ms late`)
  }
  t.end()
})

t.test('up within a few samples, one level each; down one after the other, each after a while of calm', t => {
  const { run, levels } = loaded()
  t.equal(run(1000, 3 * SAMPLE_MS), 3)
  t.equal(run(0, 1000), 3, 'not at once')
  t.equal(run(0, 20_000), 0)
  t.strictSame(levels, [1, 2, 3, 2, 1, 0])
  t.end()
})

t.test('a single late timer is no overload', t => {
  const { run } = loaded()
  run(0, 1000)
  t.equal(run(190, SAMPLE_MS), 0)
  t.equal(run(0, 1000), 0)
  t.end()
})

t.test('a load between the end of a level and its begin changes nothing, in both directions', t => {
  const { run } = loaded()
  t.equal(run(70, 10_000), 0)
  run(110, 2000)
  t.equal(run(70, 60_000), 1, 'it has not been calm')
  t.equal(run(40, 10_000), 0)
  t.equal(run(70, 60_000), 0)
  t.end()
})

t.test('a load that comes and goes does not make levels flap', t => {
  const { run, levels } = loaded()
  for (let round = 0; round < 30; round++) {
    run(300, 500)
    run(0, 1000)
  }
  t.strictSame(levels, [1, 2])
  t.end()
})

t.test('full rings count as well as late timers', t => {
  for (const [fill, level] of [
    [0.4, 0],
    [0.6, 1],
    [0.8, 2],
    [1, 3],
  ] as const) {
    t.equal(loaded().run(0, 5000, fill), level, `${fill} full`)
  }
  t.end()
})

t.test('what is shed: by the level here, by that of the home, by what waits for the home', t => {
  const { overload, run } = loaded()
  const shed: number[] = []
  const levels = [0, 0, 0]
  const backlogs = [0, 0, 0]
  const others = { levelOf: (worker: number) => levels[worker]!, backlogOf: (worker: number) => backlogs[worker]! }
  const shedding = new Shedding(overload, others, what => shed.push(what))
  const refused = (home?: number) =>
    [Shed.CONNECTIONS, Shed.JOINS, Shed.MESSAGES].filter(what => shedding.refuses(what, home) !== undefined)
  t.strictSame(refused(), [])
  t.strictSame(refused(1), [])
  levels[1] = 2
  t.strictSame(refused(1), [Shed.CONNECTIONS, Shed.JOINS])
  t.strictSame(refused(2), [])
  backlogs[2] = 0.8
  t.strictSame(refused(2), [Shed.CONNECTIONS, Shed.JOINS, Shed.MESSAGES])
  t.strictSame(refused(), [])
  run(150, 2000)
  t.strictSame(refused(), [Shed.CONNECTIONS])
  run(1000, 2000)
  t.strictSame(refused(0), [Shed.CONNECTIONS, Shed.JOINS, Shed.MESSAGES])
  t.equal(shed.length, 9, 'each is counted')

  const off = new Overload(0)
  off.sample(1e6, 1, 1)
  t.equal(new Shedding(off, others, () => undefined).refuses(Shed.MESSAGES, 2), undefined, 'nothing unless it is on')
  t.end()
})
