import { bucketStart, type Precision } from './precision.ts'

/**
 * Buckets are kept in pages, so that a hundred thousand of them are read in some hundred steps: the buckets whose starts lie
 * in one stretch of time, in order.
 *
 *    0       8         80      88
 *    | start | bucket  | start | bucket ...      start: unix seconds, float64 little-endian; bucket: see bucket.ts
 */
export const ENTRY_BYTES = 80
const BUCKET_AT = 8
const BUCKETS_PER_PAGE = 128

/** When the stretch of the page begins that holds the bucket which begins at `startS`. */
export function pageStart({ prec }: Precision, startS: number): number {
  // Months and years are few.
  if (typeof prec !== 'number') return 0
  return bucketStart({ prec: prec * BUCKETS_PER_PAGE, id: 0 }, startS)
}

/** The starts of the buckets in a page, oldest first. */
export function startsOf(page: Buffer): number[] {
  const starts: number[] = []
  for (let at = 0; at < page.length; at += ENTRY_BYTES) starts.push(page.readDoubleLE(at))
  return starts
}

export function bucketOf(page: Buffer | undefined, startS: number): Buffer | undefined {
  if (page === undefined) return undefined
  const at = placeOf(page, startS)
  return at < page.length && page.readDoubleLE(at) === startS
    ? page.subarray(at + BUCKET_AT, at + ENTRY_BYTES)
    : undefined
}

/** A copy of the page in which the bucket is this one. */
export function withBucket(page: Buffer | undefined, startS: number, bucket: Buffer): Buffer {
  const old = page ?? Buffer.alloc(0)
  const at = placeOf(old, startS)
  const isThere = at < old.length && old.readDoubleLE(at) === startS
  const entry = Buffer.alloc(ENTRY_BYTES)
  entry.writeDoubleLE(startS)
  bucket.copy(entry, BUCKET_AT)
  return Buffer.concat([old.subarray(0, at), entry, old.subarray(isThere ? at + ENTRY_BYTES : at)])
}

/** A copy of the page without the buckets that begin before `startS`. */
export function withoutBefore(page: Buffer, startS: number): Buffer {
  return Buffer.from(page.subarray(placeOf(page, startS)))
}

/** Where the first bucket stands that begins at `startS` or later. Most often that is the last one. */
function placeOf(page: Buffer, startS: number): number {
  let at = page.length
  while (at > 0 && page.readDoubleLE(at - ENTRY_BYTES) >= startS) at -= ENTRY_BYTES
  return at
}
