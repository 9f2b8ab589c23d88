/**
 * What one bucket keeps, of users online and of sessions: the largest, the smallest and the last sample, and their sum.
 *
 *    0          8     16    24     32    40         48    56    64     72
 *    | samples  | max | min | last | sum | max      | min | last | sum |      float64, little-endian
 *               | users                  | sessions
 */
export interface Sample {
  readonly users: number
  readonly sessions: number
}

const BYTES = 72
const USERS = 8
const SESSIONS = 40
const MAX = 0
const MIN = 8
const LAST = 16
const SUM = 24

/** The bucket with one more sample in it. @param bucket undefined: the first one */
export function withSample(bucket: Buffer | undefined, { users, sessions }: Sample): Buffer {
  const next = bucket === undefined ? Buffer.alloc(BYTES) : Buffer.from(bucket)
  const samples = next.readDoubleLE(0)
  next.writeDoubleLE(samples + 1, 0)
  add(next, USERS, users, samples === 0)
  add(next, SESSIONS, sessions, samples === 0)
  return next
}

function add(bucket: Buffer, at: number, value: number, isFirst: boolean): void {
  bucket.writeDoubleLE(isFirst ? value : Math.max(value, bucket.readDoubleLE(at + MAX)), at + MAX)
  bucket.writeDoubleLE(isFirst ? value : Math.min(value, bucket.readDoubleLE(at + MIN)), at + MIN)
  bucket.writeDoubleLE(value, at + LAST)
  bucket.writeDoubleLE(value + bucket.readDoubleLE(at + SUM), at + SUM)
}

/** The bucket as an entry of a reply, as JSON text: up to 100,000 of them are one answer. */
export function bucketJson(idx: number, startS: number, bucket: Buffer): string {
  const samples = bucket.readDoubleLE(0)
  const read = (at: number) => bucket.readDoubleLE(at)
  const average = (at: number) => Math.round((read(at + SUM) / samples) * 100) / 100
  return (
    `{"idx":${idx},"time":${startS},"time-str":"${timeText(startS)}","num":${read(USERS + MAX)},"min":${read(USERS + MIN)},` +
    `"last":${read(USERS + LAST)},"avg":${average(USERS)},"sessions":${read(SESSIONS + MAX)},` +
    `"sessions-min":${read(SESSIONS + MIN)},"sessions-last":${read(SESSIONS + LAST)},"sessions-avg":${average(SESSIONS)}}`
  )
}

/** YYYY-MM-DD HH:MM:SS, UTC */
function timeText(timeS: number): string {
  return new Date(timeS * 1000).toISOString().slice(0, 19).replace('T', ' ')
}
