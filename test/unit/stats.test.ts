import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { request } from 'undici'
import { statsEntries } from '#dist/jobs/stats-page.js'
import { bucketStart, nextBucketStart, type Precision, parsePrecision, precisionOf } from '#dist/stats/precision.js'
import { Sampler } from '#dist/stats/sampler.js'
import { LmdbStore } from '#dist/store/lmdb-store.js'
import { type Scope, startGateway } from '../support/gateway.js'
import { seededRandom } from '../support/seed.js'

const HOUR = 3600
const DAY = 86_400
const PLENTY = 100_000

/** A bucket as a reply tells it. */
interface Bucket {
  readonly idx: number
  readonly time: number
  readonly 'time-str': string
  readonly num: number
  readonly min: number
  readonly last: number
  readonly avg: number
  readonly sessions: number
}

const seconds = (text: string) => Date.parse(`${text}Z`) / 1000
const precision = (text: string): Precision => {
  const found = parsePrecision(text)
  if (found === undefined) throw new Error(`${text} is no precision`)
  return found
}

async function newFolder(t: Scope): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'imgate-statis-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** A sampler on a real store, and a clock of its own. */
class Station {
  readonly folder: string
  #store: LmdbStore
  #sampler: Sampler
  #wallS: number
  #monotonicS = 1000

  private constructor(folder: string, store: LmdbStore, wallS: number) {
    this.folder = folder
    this.#store = store
    this.#sampler = new Sampler(store)
    this.#wallS = wallS
  }

  static async open(t: Scope, start: string): Promise<Station> {
    const folder = await newFolder(t)
    const station = new Station(folder, await LmdbStore.prepare(folder), seconds(start))
    t.teardown(() => station.#store.close())
    return station
  }

  get now(): number {
    return this.#wallS
  }

  async add(text: string, num: number): Promise<void> {
    this.#sampler.add(precision(text), num)
    await this.#store.commit()
  }

  async remove(text: string): Promise<boolean> {
    const isRemoved = this.#sampler.delete(precision(text))
    await this.#store.commit()
    return isRemoved
  }

  /** A sample after so many seconds; `setS`: and the wall clock was set by so many. */
  async sample(afterS: number, users: number, sessions = users * 2, setS = 0): Promise<void> {
    this.#wallS += afterS + setS
    this.#monotonicS += afterS
    this.#store.refresh()
    this.#sampler.sample({ wallS: this.#wallS, monotonicS: this.#monotonicS }, { users, sessions })
    await this.#store.commit()
  }

  /** A change was refused by the store: memory is read again. */
  reread(): void {
    this.#store.refresh()
    this.#sampler.reread()
  }

  /** The process ends and another one begins, whose monotonic clock begins anew. */
  async restart(downS: number): Promise<void> {
    await this.#store.close()
    this.#store = await LmdbStore.prepare(this.folder)
    this.#sampler = new Sampler(this.#store)
    this.#wallS += downS
    this.#monotonicS = 5
  }

  /** Oldest first. */
  buckets(text: string): Bucket[] {
    this.#store.refresh()
    const { text: newestFirst } = statsEntries(this.#store, precision(text).id, 100_000)
    const entries = (JSON.parse(`[${newestFirst}]`) as Bucket[]).reverse()
    return entries.map((entry, idx) => ({ ...entry, idx }))
  }

  precisions(): unknown[] {
    this.#store.refresh()
    const entries = this.#store.tables.statsPrecisions.list([])
    return entries.map(({ key, value }) => [precisionOf(key[0]).prec, value.num])
  }
}

const timesOf = (buckets: readonly Bucket[]) => buckets.map(bucket => bucket['time-str'])
const numsOf = (buckets: readonly Bucket[]) => buckets.map(({ num }) => num)

t.test('a precision is seconds in any writing, or a month or a year', async t => {
  for (const [text, prec] of [
    ['1', 1],
    ['300', 300],
    ['300s', 300],
    ['1h', HOUR],
    ['2h', 2 * HOUR],
    ['1d', DAY],
    ['1w', 7 * DAY],
    ['1m', '1m'],
    ['1y', '1y'],
  ] as const) {
    t.equal(parsePrecision(text)?.prec, prec, text)
    t.strictSame(precisionOf(precision(text).id), precision(text), `${text} comes back from its number`)
  }
  for (const text of [
    '',
    '0',
    '0s',
    '-1',
    '1.5',
    '1e3',
    ' 1',
    '1 ',
    's',
    '1x',
    '2m',
    '2y',
    '1M',
    '99999999999',
    '1000000w',
  ]) {
    t.equal(parsePrecision(text), undefined, text)
  }
})

t.test('every moment of 1970 to 2101 is in the calendar month and year that its date says', async t => {
  const [month, year, week] = [precision('1m'), precision('1y'), precision('1w')]
  let wrong = 0
  let last = { month: 0, year: 0 }
  for (let dayS = 0; dayS < seconds('2101-01-01T00:00:00'); dayS += DAY) {
    const date = new Date(dayS * 1000).toISOString()
    const wanted = {
      month: seconds(`${date.slice(0, 7)}-01T00:00:00`),
      year: seconds(`${date.slice(0, 4)}-01-01T00:00:00`),
    }
    for (const nowS of [dayS, dayS + 1, dayS + DAY - 1]) {
      if (bucketStart(month, nowS) !== wanted.month || bucketStart(year, nowS) !== wanted.year) wrong += 1
      const mondayS = bucketStart(week, nowS)
      if (new Date(mondayS * 1000).getUTCDay() !== 1 || nowS - mondayS >= 7 * DAY || nowS < mondayS) wrong += 1
    }
    if (wanted.month !== last.month && dayS > 0 && nextBucketStart(month, last.month) !== wanted.month) wrong += 1
    if (wanted.year !== last.year && dayS > 0 && nextBucketStart(year, last.year) !== wanted.year) wrong += 1
    last = wanted
  }
  t.equal(wrong, 0)
})

t.test('months and years take their samples over the ends of February, also in leap years', async t => {
  for (const [year, lastOfFebruary] of [
    [2023, '02-28'],
    [2024, '02-29'],
    [2100, '02-28'],
  ] as const) {
    const station = await Station.open(t, `${year}-${lastOfFebruary}T23:59:57`)
    for (const text of ['1m', '1y', '1d']) await station.add(text, PLENTY)
    for (let users = 1; users <= 5; users++) await station.sample(1, users)
    t.strictSame(timesOf(station.buckets('1m')), [`${year}-02-01 00:00:00`, `${year}-03-01 00:00:00`])
    t.strictSame(numsOf(station.buckets('1m')), [2, 5])
    t.strictSame(timesOf(station.buckets('1d')), [`${year}-${lastOfFebruary} 00:00:00`, `${year}-03-01 00:00:00`])
    t.strictSame(timesOf(station.buckets('1y')), [`${year}-01-01 00:00:00`])
  }
  const station = await Station.open(t, '2024-12-31T23:59:58')
  await station.add('1y', PLENTY)
  for (let users = 1; users <= 3; users++) await station.sample(1, users)
  t.strictSame(timesOf(station.buckets('1y')), ['2024-01-01 00:00:00', '2025-01-01 00:00:00'])
  t.strictSame(numsOf(station.buckets('1y')), [1, 3])
})

t.test('a bucket keeps the most, the least, the last and the average, of users and of sessions apart', async t => {
  const station = await Station.open(t, '2024-05-05T00:00:00')
  await station.add('1h', PLENTY)
  for (const [users, sessions] of [
    [5, 9],
    [2, 30],
    [4, 4],
  ] as const) {
    await station.sample(1, users, sessions)
  }
  t.strictSame(station.buckets('1h'), [
    {
      idx: 0,
      time: seconds('2024-05-05T00:00:00'),
      'time-str': '2024-05-05 00:00:00',
      num: 5,
      min: 2,
      last: 4,
      avg: 3.67,
      sessions: 30,
    },
  ])
})

t.test('a late sample fills the buckets that it missed', async t => {
  const station = await Station.open(t, '2024-01-31T10:00:00')
  for (const text of ['10', '1m']) await station.add(text, PLENTY)
  await station.sample(1, 7)
  await station.sample(60, 3)
  t.strictSame(numsOf(station.buckets('10')), [7, 3, 3, 3, 3, 3, 3], 'a minute of tens')
  t.strictSame(
    station.buckets('10').map(({ time }) => time - bucketStart(precision('10'), seconds('2024-01-31T10:00:00'))),
    [0, 10, 20, 30, 40, 50, 60],
  )
  await station.sample(1, 2)
  t.equal(station.buckets('10').length, 7, 'who comes in time fills nothing')
  await station.sample(61 * DAY, 9)
  t.strictSame(timesOf(station.buckets('1m')), [
    '2024-01-01 00:00:00',
    '2024-02-01 00:00:00',
    '2024-03-01 00:00:00',
    '2024-04-01 00:00:00',
  ])
  t.strictSame(numsOf(station.buckets('1m')), [7, 9, 9, 9])
})

t.test('what was missed while the store refused a change is filled too', async t => {
  const station = await Station.open(t, '2024-01-31T10:00:00')
  await station.add('10', PLENTY)
  await station.sample(1, 7)
  station.reread()
  await station.sample(30, 3)
  t.strictSame(numsOf(station.buckets('10')), [7, 3, 3, 3])
})

t.test('a clock that is set forward makes no buckets of times that never were', async t => {
  const station = await Station.open(t, '2024-06-01T12:00:00')
  await station.add('10', PLENTY)
  await station.sample(1, 1)
  await station.sample(1, 2, 2, HOUR)
  await station.sample(1, 3)
  t.strictSame(timesOf(station.buckets('10')), ['2024-06-01 12:00:00', '2024-06-01 13:00:00'])
  t.strictSame(numsOf(station.buckets('10')), [1, 3])
})

t.test('a clock that is set back goes on with the buckets of the time that comes again', async t => {
  const station = await Station.open(t, '2024-06-01T12:00:00')
  await station.add('10', PLENTY)
  for (let users = 1; users <= 40; users++) await station.sample(1, users)
  const before = station.buckets('10')
  await station.sample(1, 100, 100, -30)
  const after = station.buckets('10')
  t.strictSame(timesOf(after), timesOf(before), 'no bucket is lost or made')
  // 12:00:41 - 30 s
  t.strictSame(numsOf(after), [9, 100, 29, 39, 40])
  t.equal(after[1]!.min, 10, 'what it had stays')
  for (let users = 0; users < 45; users++) await station.sample(1, 50)
  const last = station.buckets('10')
  t.strictSame(
    last.map(({ num, last }) => [num, last]),
    [
      [9, 9],
      [100, 50],
      [50, 50],
      [50, 50],
      [50, 50],
      [50, 50],
    ],
  )
})

t.test('however the clock is set and samples are late, each bucket has just the samples of its time', async t => {
  const random = seededRandom(t)
  const station = await Station.open(t, '2024-02-28T23:58:00')
  const texts = ['1', '7', '60', '1d', '1m']
  for (const text of texts) await station.add(text, PLENTY)
  const model = new Map(texts.map(text => [text, new Map<number, number[]>()]))
  const note = (text: string, startS: number, users: number) => {
    const buckets = model.get(text)!
    buckets.set(startS, [...(buckets.get(startS) ?? []), users])
  }
  let lastS: number | undefined
  for (let step = 0; step < 400; step++) {
    const kind = random.below(10)
    const afterS = kind === 0 ? 2 + random.below(200) : 1
    const setS = kind === 1 ? -(3 + random.below(300)) : kind === 2 ? 3 + random.below(300) : 0
    const users = random.below(1000)
    await station.sample(afterS, users, users, setS)
    for (const text of texts) {
      const own = precision(text)
      const startS = bucketStart(own, station.now)
      if (lastS !== undefined && setS === 0) {
        for (let missed = bucketStart(own, lastS); ; ) {
          missed = nextBucketStart(own, missed)
          if (missed >= startS) break
          note(text, missed, users)
        }
      }
      note(text, startS, users)
    }
    lastS = station.now
  }
  for (const text of texts) {
    const found = station.buckets(text).map(({ time, num, min, last, avg }) => ({ time, num, min, last, avg }))
    const wanted = [...model.get(text)!]
      .sort(([one], [other]) => one - other)
      .map(([time, samples]) => ({
        time,
        num: Math.max(...samples),
        min: Math.min(...samples),
        last: samples.at(-1),
        avg: Math.round((samples.reduce((sum, one) => sum + one, 0) / samples.length) * 100) / 100,
      }))
    t.strictSame(found, wanted, `${found.length} buckets of ${text}`)
  }
})

t.test('exactly as many buckets are kept as were asked for, the newest', async t => {
  const station = await Station.open(t, '2024-03-01T00:00:00')
  await station.add('10', 5)
  await station.add('60', 1)
  for (let users = 0; users < 20; users++) {
    await station.sample(10, users)
    const wanted = Array.from({ length: users + 1 }, (_, index) => index).slice(-5)
    t.strictSame(numsOf(station.buckets('10')), wanted)
    t.equal(station.buckets('60').length, 1)
  }
  await station.add('10', 3)
  t.strictSame(numsOf(station.buckets('10')), [17, 18, 19], 'fewer are kept at once')
  await station.add('10', 6)
  for (const users of [20, 21, 22, 23]) await station.sample(10, users)
  t.strictSame(numsOf(station.buckets('10')), [18, 19, 20, 21, 22, 23], 'more from then on')
  await station.sample(1000, 99)
  t.strictSame(numsOf(station.buckets('10')), [99, 99, 99, 99, 99, 99], 'a late sample fills no more than are kept')
  await station.restart(10)
  for (const users of [1, 2]) await station.sample(10, users)
  t.strictSame(numsOf(station.buckets('10')), [99, 99, 99, 99, 1, 2], 'what is kept is known after a restart')
})

t.test('a bucket across a restart is merged, and the time that nobody counted has none', async t => {
  const station = await Station.open(t, '2024-03-01T00:00:00')
  await station.add('1h', 10)
  for (const users of [50, 10]) await station.sample(1, users)
  await station.restart(60)
  await station.sample(1, 20)
  t.hasStrict(station.buckets('1h'), [{ num: 50, min: 10, last: 20, avg: 26.67, sessions: 100 }])
  await station.restart(3 * HOUR)
  await station.sample(1, 5)
  t.strictSame(timesOf(station.buckets('1h')), ['2024-03-01 00:00:00', '2024-03-01 03:00:00'])
})

t.test('a precision that is deleted takes its buckets along, and no others', async t => {
  const station = await Station.open(t, '2024-03-01T00:00:00')
  for (const text of ['10', '60', '1m', '1y']) await station.add(text, 10)
  for (let users = 0; users < 30; users++) await station.sample(10, users)
  t.equal(await station.remove('300'), false, 'one that was never added')
  t.equal(await station.remove('10'), true)
  t.equal(await station.remove('10'), false)
  t.strictSame(station.buckets('10'), [])
  t.equal(station.buckets('60').length, 6)
  t.equal(station.buckets('1m').length, 1)
  t.strictSame(station.precisions(), [
    [60, 10],
    ['1m', 10],
    ['1y', 10],
  ])
  await station.add('10', 10)
  await station.sample(1, 1)
  t.equal(station.buckets('10').length, 1, 'added again it begins anew')
})

t.test('100,000 buckets are one answer over HTTP, newest first', async t => {
  const dataDir = await newFolder(t)
  const usersAt = (timeS: number) => (timeS / HOUR) % 9973
  const newestS = bucketStart(precision('1h'), Date.now() / 1000)
  const store = await LmdbStore.prepare(dataDir)
  const sampler = new Sampler(store)
  sampler.add(precision('1h'), PLENTY)
  for (let index = PLENTY - 1; index >= 0; index--) {
    const timeS = newestS - index * HOUR
    sampler.sample({ wallS: timeS, monotonicS: timeS }, { users: usersAt(timeS), sessions: 2 * usersAt(timeS) })
    if (index % 10_000 === 0) await store.commit()
  }
  await store.close()

  const gateway = await startGateway(t, { dataDir })
  const url = `http://${gateway.http}/im/config?action=get&option=user-statis&prec=1h&num=${PLENTY}`
  const headers = { 'x-api-key': gateway.key }
  const get = async () => {
    const startedAt = performance.now()
    const { body } = await request(url, { headers })
    const text = await body.text()
    return { text, ms: performance.now() - startedAt }
  }
  const { text } = await get()
  const again = await get()
  t.comment(`${PLENTY} buckets, ${again.text.length} bytes: ${again.ms.toFixed(0)} ms with the client's part in it`)
  const reply = JSON.parse(text) as { code: number; prec: number; num: number; list: Bucket[] }
  t.hasStrict(reply, { code: 0, prec: HOUR, num: PLENTY })
  t.equal(reply.list.length, PLENTY)
  const [first] = reply.list
  t.ok(first!.time >= newestS, 'the newest is the one of this hour')
  t.ok(isRight(t, reply.list, usersAt, newestS), 'each has its place, its time and its numbers')
  const ten = await request(url.replace(`num=${PLENTY}`, 'num=10'), { headers })
  const { list } = (await ten.body.json()) as typeof reply
  t.strictSame(
    list.map(({ idx, time }) => [idx, time]),
    reply.list.slice(0, 10).map(({ idx, time }) => [idx, time]),
    'ten are the newest ten',
  )
})

/** Nobody is online at the gateway, which goes on with the bucket of this hour or begins the next. */
function isRight(t: Test, list: readonly Bucket[], usersAt: (timeS: number) => number, newestS: number): boolean {
  for (const [index, { idx, time, num, sessions, ...rest }] of list.entries()) {
    const wantedTime = list[0]!.time - index * HOUR
    const users = time > newestS ? 0 : usersAt(time)
    const text = new Date(time * 1000).toISOString().slice(0, 19).replace('T', ' ')
    if (idx === index && time === wantedTime && num === users && sessions === 2 * users && rest['time-str'] === text)
      continue
    t.fail(`entry ${index} is ${JSON.stringify(list[index])}`)
    return false
  }
  return true
}
