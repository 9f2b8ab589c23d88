/* What the ranking of rooms costs one owner: a million rooms, 100,000 joins and quits a second.
 * Run: npm run build && node --expose-gc bench/ranking.mjs [rooms] [seconds] */
import { Ranking } from '../dist/shard/ranking.js'

const ROOMS = Number(process.argv[2] ?? 1_000_000)
const SECONDS = Number(process.argv[3] ?? 10)
const CHANGES_PER_SECOND = 100_000
const QUERIES_PER_SECOND = 10
const TOP = 100
const TOP_MS_MAX = 5

if (globalThis.gc === undefined) throw new Error('run with --expose-gc: the size of a room is measured')

let state = 42
/** Mulberry32. */
function random() {
  state = (state + 0x6d2b79f5) >>> 0
  let mixed = Math.imul(state ^ (state >>> 15), state | 1)
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
}
/** Few rooms have most of the sessions. */
const anyRoom = () => 1 + Math.floor(ROOMS * random() ** 4)

function bytesUsed() {
  globalThis.gc()
  globalThis.gc()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

const quantile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
const inTurn = list => list.sort((one, other) => one - other)

const before = bytesUsed()
const ranking = new Ranking()
for (let rid = 1; rid <= ROOMS; rid++) ranking.increase(rid)
const flat = bytesUsed() - before
// Sizes of all kinds: the list of buckets is long.
const joined = []
for (let join = 0; join < ROOMS; join++) {
  const rid = anyRoom()
  ranking.increase(rid)
  joined.push(rid)
}
const bytesPerRoom = flat / ROOMS

const [changesMsOfSeconds, topMs] = [[], []]
for (let run = 0; run < SECONDS; run++) {
  let changesMs = 0
  for (let part = 0; part < QUERIES_PER_SECOND; part++) {
    const startedAt = performance.now()
    for (let change = 0; change < CHANGES_PER_SECOND / QUERIES_PER_SECOND; change++) {
      if (change % 2 === 0) {
        const rid = anyRoom()
        ranking.increase(rid)
        joined.push(rid)
      } else {
        const at = Math.floor(random() * joined.length)
        ranking.decrease(joined[at])
        joined[at] = joined[joined.length - 1]
        joined.pop()
      }
    }
    changesMs += performance.now() - startedAt
    const askedAt = performance.now()
    const top = ranking.top(TOP)
    topMs.push(performance.now() - askedAt)
    if (top.length !== Math.min(TOP, ROOMS)) throw new Error(`the top has ${top.length} entries`)
  }
  changesMsOfSeconds.push(changesMs)
}

const tops = inTurn(topMs)
const changes = inTurn(changesMsOfSeconds)
const nanoseconds = ms => ((ms * 1e6) / CHANGES_PER_SECOND).toFixed(0)
console.log(`rooms                          ${ROOMS}`)
console.log(`bytes per room                 ${bytesPerRoom.toFixed(0)}`)
console.log(
  `one change, median second      ${nanoseconds(quantile(changes, 0.5))} ns (the caller's random choice included)`,
)
console.log(`one change, worst second       ${nanoseconds(changes.at(-1))} ns`)
console.log(`${CHANGES_PER_SECOND} changes take            ${(quantile(changes, 0.5) / 10).toFixed(1)} % of a second`)
console.log(`top ${TOP}, median of ${tops.length}          ${(quantile(tops, 0.5) * 1000).toFixed(0)} us`)
console.log(`top ${TOP}, worst                 ${(tops.at(-1) * 1000).toFixed(0)} us, must be below ${TOP_MS_MAX} ms`)
if (tops.at(-1) >= TOP_MS_MAX) process.exitCode = 1
