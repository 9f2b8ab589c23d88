import type { Store } from '../store/store.ts'
import { type Sample, withSample } from './bucket.ts'
import { bucketOf, pageStart, startsOf, withBucket, withoutBefore } from './page.ts'
import { bucketStart, nextBucketStart, type Precision, precisionOf } from './precision.ts'

/** Wall and monotonic time may part by this much before the clock counts as set, not the timer as late. */
const CLOCK_SET_S = 2
/** A late timer fills at most this many buckets of one precision at once. */
const FILL_MAX = 100_000
/** More pages than the samples of one turn touch. */
const WRITTEN_MAX = 8

/** The times of a sample: unix seconds, and seconds of a clock that nobody sets. */
export interface SampleTime {
  readonly wallS: number
  readonly monotonicS: number
}

interface Series {
  readonly precision: Precision
  num: number
  /** The starts of the buckets that there are, oldest first. */
  readonly starts: number[]
  /** The pages written last, by their starts: the store does not show a write of this turn yet. */
  readonly written: Map<number, Buffer>
}

/**
 * Samples the numbers online into the buckets of each precision. A bucket is found by the time of its sample, in memory or in
 * the store: one that was begun before a restart, or before the clock was set back, is gone on with, never written anew.
 * When a sample comes late, as after a stall, the buckets that it missed get it too; when the clock was set forward there were
 * none. Of each precision the newest `num` buckets are kept. Thread: one.
 */
export class Sampler {
  readonly #store: Store
  readonly #series = new Map<number, Series>()
  #last: SampleTime | undefined

  constructor(store: Store) {
    this.#store = store
    this.reread()
  }

  /** Knows the precisions and buckets that the disk has. When it last took a sample it still knows: what it missed is filled. */
  reread(): void {
    this.#series.clear()
    for (const { key, value } of this.#store.tables.statsPrecisions.list([])) {
      this.#series.set(key[0], this.#open(precisionOf(key[0]), value.num))
    }
  }

  /** Adds a precision, or changes how many buckets of it are kept. Durable when `Store.commit` says so. */
  add(precision: Precision, num: number): void {
    const series = this.#series.get(precision.id) ?? this.#open(precision, num)
    series.num = num
    this.#series.set(precision.id, series)
    this.#store.tables.statsPrecisions.put([precision.id], { num })
    this.#trim(series)
  }

  has({ id }: Precision): boolean {
    return this.#series.has(id)
  }

  /** Forgets a precision and all its buckets. @returns false when there is none */
  delete({ id }: Precision): boolean {
    if (!this.#series.delete(id)) return false
    this.#store.tables.statsPrecisions.remove([id])
    this.#store.tables.statsBuckets.removeAll([id])
    return true
  }

  sample(now: SampleTime, sample: Sample): void {
    const last = this.#last
    this.#last = now
    const wallStepS = last === undefined ? 0 : now.wallS - last.wallS
    const isClockSet = last !== undefined && Math.abs(wallStepS - (now.monotonicS - last.monotonicS)) > CLOCK_SET_S
    for (const series of this.#series.values()) {
      const startS = bucketStart(series.precision, now.wallS)
      if (last !== undefined && !isClockSet)
        this.#fill(series, bucketStart(series.precision, last.wallS), startS, sample)
      this.#write(series, startS, sample)
    }
  }

  /** The buckets between two samples that no sample fell into. */
  #fill(series: Series, lastS: number, startS: number, sample: Sample): void {
    let missed = nextBucketStart(series.precision, lastS)
    for (let filled = 0; missed < startS && filled < FILL_MAX; filled++) {
      this.#write(series, missed, sample)
      missed = nextBucketStart(series.precision, missed)
    }
  }

  #write(series: Series, startS: number, sample: Sample): void {
    const { precision, starts } = series
    const pageS = pageStart(precision, startS)
    const page = this.#page(series, pageS)
    const isNew = insert(starts, startS)
    const bucket = withSample(isNew ? undefined : bucketOf(page, startS), sample)
    this.#put(series, pageS, withBucket(page, startS, bucket))
    if (isNew) this.#trim(series)
  }

  /** Removes the oldest buckets over the number that is kept. */
  #trim(series: Series): void {
    const { precision, num, starts } = series
    const surplus = starts.length - num
    if (surplus <= 0) return
    const pages = new Set(starts.splice(0, surplus).map(startS => pageStart(precision, startS)))
    for (const pageS of pages) this.#put(series, pageS, withoutBefore(this.#page(series, pageS)!, starts[0]!))
  }

  #page({ precision, written }: Series, pageS: number): Buffer | undefined {
    return written.get(pageS) ?? this.#store.tables.statsBuckets.get([precision.id, pageS])
  }

  #put({ precision, written }: Series, pageS: number, page: Buffer): void {
    written.delete(pageS)
    written.set(pageS, page)
    if (written.size > WRITTEN_MAX) written.delete(written.keys().next().value!)
    const { statsBuckets } = this.#store.tables
    if (page.length > 0) statsBuckets.put([precision.id, pageS], page)
    else statsBuckets.remove([precision.id, pageS])
  }

  #open(precision: Precision, num: number): Series {
    const pages = this.#store.tables.statsBuckets.list([precision.id])
    return { precision, num, starts: pages.flatMap(({ value }) => startsOf(value)), written: new Map() }
  }
}

/** Puts a start in its place. @returns false when it was there */
function insert(starts: number[], startS: number): boolean {
  let at = starts.length
  while (at > 0 && starts[at - 1]! > startS) at--
  if (starts[at - 1] === startS) return false
  starts.splice(at, 0, startS)
  return true
}
