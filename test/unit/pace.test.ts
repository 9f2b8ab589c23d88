import t from 'tap'
import { Pace, PaceLimit } from '#dist/admission/pace.js'

t.test('a session may send so many requests in a second, at once or spread', t => {
  for (const limit of [1, 3, 7, 10, 1000]) {
    const rule = new PaceLimit(limit, 0)
    const pace = new Pace()
    const passed = (now: number) => {
      let count = 0
      while (rule.takeRequest(pace, now)) count++
      return count
    }
    t.equal(passed(1234.5), limit)
    t.equal(passed(1234.5 + 1000 / limit + 0.001), 1, 'one more when its time has come')
    t.equal(passed(9999), limit, 'and all after a second of silence')
  }
  t.end()
})

t.test('bytes likewise; a message that is longer than a second allows passes alone', t => {
  const rule = new PaceLimit(0, 1000)
  const pace = new Pace()
  t.ok(rule.takeBytes(pace, 600, 0))
  t.notOk(rule.takeBytes(pace, 600, 0))
  t.ok(rule.takeBytes(pace, 400, 0), 'what was refused took nothing')
  t.notOk(rule.takeBytes(pace, 5000, 999))
  t.ok(rule.takeBytes(pace, 5000, 1000))
  t.notOk(rule.takeBytes(pace, 1, 5000), 'but it is paid for')
  t.ok(rule.takeBytes(pace, 1, 5001))
  t.end()
})

t.test('bytes that were read already are owed', t => {
  const rule = new PaceLimit(0, 1000)
  const pace = new Pace()
  t.ok(rule.takeBytes(pace, 1000, 0))
  t.equal(rule.oweBytes(pace, 500, 0), 500)
  t.equal(rule.oweBytes(pace, 500, 100), 900)
  t.equal(rule.owedMs(pace, 1000), 0)
  t.end()
})

t.test('no limit is none', t => {
  const rule = new PaceLimit(0, 0)
  const pace = new Pace()
  for (let count = 0; count < 1000; count++) t.ok(rule.takeRequest(pace, 0) && rule.takeBytes(pace, 1e9, 0))
  t.end()
})

t.test('who is over for ten seconds is over for too long; a second of calm begins anew', t => {
  const rule = new PaceLimit(1, 0)
  const pace = new Pace()
  for (let now = 0; now < 10_000; now += 500) t.notOk(rule.over(pace, now))
  t.ok(rule.over(pace, 10_000))
  const other = new Pace()
  for (let now = 0; now < 9900; now += 500) t.notOk(rule.over(other, now))
  for (let now = 11_000; now < 21_000; now += 500) t.notOk(rule.over(other, now), 'it has been calm since')
  t.ok(rule.over(other, 21_000))
  t.end()
})
