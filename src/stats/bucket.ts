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

/** Where the parts of a bucket stand. */
export const BUCKET = { BYTES: 72, USERS: 8, SESSIONS: 40, MAX: 0, MIN: 8, LAST: 16, SUM: 24 } as const
const { BYTES, USERS, SESSIONS, MAX, MIN, LAST, SUM } = BUCKET

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
