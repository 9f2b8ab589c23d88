/**
 * A precision of the online statistics: how long a bucket is. Seconds (`300`, `300s`, or in hours, days and weeks: `2h`, `1d`,
 * `1w`), or a calendar month or year (`1m`, `1y`), all in UTC. Weeks begin on Monday.
 */
export interface Precision {
  /** How it is written in replies: a number of seconds, or `1m`, `1y`. */
  readonly prec: number | '1m' | '1y'
  /** Its number in keys of the store. */
  readonly id: number
}

const UNITS: Readonly<Record<string, number>> = { s: 1, '': 1, h: 3600, d: 86_400, w: 604_800 }
const SECONDS_MAX = 100 * 366 * 86_400
const WEEK_S = 604_800
/** 1970-01-05, the first Monday. */
const MONDAY_S = 4 * 86_400
const MONTH: Precision = { prec: '1m', id: 2 ** 40 + 1 }
const YEAR: Precision = { prec: '1y', id: 2 ** 40 + 2 }

/** @returns undefined when it is none */
export function parsePrecision(text: string): Precision | undefined {
  if (text === MONTH.prec) return MONTH
  if (text === YEAR.prec) return YEAR
  const parts = /^([0-9]{1,10})([shdw]?)$/.exec(text)
  if (parts === null) return undefined
  const seconds = Number(parts[1]) * UNITS[parts[2]!]!
  return seconds >= 1 && seconds <= SECONDS_MAX ? { prec: seconds, id: seconds } : undefined
}

export function precisionOf(id: number): Precision {
  if (id === MONTH.id) return MONTH
  return id === YEAR.id ? YEAR : { prec: id, id }
}

/** When the bucket that holds this moment begins; unix seconds. */
export function bucketStart({ prec }: Precision, nowS: number): number {
  if (typeof prec === 'number') {
    const offset = prec % WEEK_S === 0 ? MONDAY_S : 0
    return Math.floor((nowS - offset) / prec) * prec + offset
  }
  const date = new Date(nowS * 1000)
  return Date.UTC(date.getUTCFullYear(), prec === '1m' ? date.getUTCMonth() : 0) / 1000
}

/** When the next bucket begins. */
export function nextBucketStart(precision: Precision, startS: number): number {
  const { prec } = precision
  if (typeof prec === 'number') return startS + prec
  const date = new Date(startS * 1000)
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()]
  return (prec === '1m' ? Date.UTC(year, month + 1) : Date.UTC(year + 1, 0)) / 1000
}
