import { BUCKET } from './bucket.ts'
import { ENTRY_BYTES } from './page.ts'

/** More than the text of one bucket can be. */
const TEXT_BYTES_MAX = 400
const DAY_S = 86_400
const ZERO = 0x30

/**
 * Writes buckets as entries of a JSON array, newest first, straight into bytes: up to 100,000 of them are one answer, and made of
 * strings they take ten times as long.
 */
export class BucketText {
  #block = Buffer.allocUnsafe(65_536)
  #at = 0
  #idx = 0
  #day = Number.NaN
  #dayText = Buffer.alloc(0)

  get count(): number {
    return this.#idx
  }

  /** Adds the entry of a page at `at`. */
  add(page: Buffer, at: number): void {
    if (this.#at + TEXT_BYTES_MAX > this.#block.length) this.#grow()
    const startS = page.readDoubleLE(at)
    const bucket = at + ENTRY_BYTES - BUCKET.BYTES
    if (this.#idx > 0) this.#raw(COMMA)
    this.#raw(IDX)
    this.#integer(this.#idx++)
    this.#raw(TIME)
    this.#integer(startS)
    this.#raw(TIME_STR)
    this.#time(startS)
    this.#raw(NUM)
    this.#integer(page.readDoubleLE(bucket + BUCKET.USERS + BUCKET.MAX))
    this.#raw(MIN)
    this.#integer(page.readDoubleLE(bucket + BUCKET.USERS + BUCKET.MIN))
    this.#raw(LAST)
    this.#integer(page.readDoubleLE(bucket + BUCKET.USERS + BUCKET.LAST))
    const samples = page.readDoubleLE(bucket)
    this.#raw(AVG)
    this.#hundredths(page.readDoubleLE(bucket + BUCKET.USERS + BUCKET.SUM) / samples)
    this.#raw(SESSIONS)
    this.#integer(page.readDoubleLE(bucket + BUCKET.SESSIONS + BUCKET.MAX))
    this.#raw(END)
  }

  toString(): string {
    return this.#block.toString('latin1', 0, this.#at)
  }

  #grow(): void {
    const larger = Buffer.allocUnsafe(this.#block.length * 2)
    this.#block.copy(larger, 0, 0, this.#at)
    this.#block = larger
  }

  #raw(bytes: Uint8Array): void {
    const block = this.#block
    let at = this.#at
    for (let i = 0; i < bytes.length; i++) block[at++] = bytes[i]!
    this.#at = at
  }

  #integer(value: number): void {
    if (value < 0) {
      this.#block[this.#at++] = 0x2d
      this.#integer(-value)
      return
    }
    let digits = 1
    for (let limit = 10; value >= limit; limit *= 10) digits++
    this.#digits(value, digits)
  }

  #digits(value: number, digits: number): void {
    const block = this.#block
    const first = this.#at
    let rest = value
    let at = first + digits - 1
    // What fits into 32 bits, nearly all, is divided as such.
    for (; rest > 0x7fff_ffff; at--) {
      const tens = Math.floor(rest / 10)
      block[at] = ZERO + (rest - tens * 10)
      rest = tens
    }
    let small = rest | 0
    for (; at >= first; at--) {
      const tens = (small / 10) | 0
      block[at] = ZERO + small - tens * 10
      small = tens
    }
    this.#at = first + digits
  }

  /** Rounded to hundredths, without zeros at the end. */
  #hundredths(value: number): void {
    const hundredths = Math.round(value * 100)
    this.#integer(Math.floor(hundredths / 100))
    const rest = hundredths % 100
    if (rest === 0) return
    this.#block[this.#at++] = 0x2e
    if (rest % 10 === 0) this.#digits(rest / 10, 1)
    else this.#digits(rest, 2)
  }

  /** YYYY-MM-DD HH:MM:SS, UTC. */
  #time(timeS: number): void {
    const day = Math.floor(timeS / DAY_S)
    if (day !== this.#day) {
      this.#day = day
      this.#dayText = Buffer.from(new Date(day * DAY_S * 1000).toISOString().slice(0, 10))
    }
    this.#raw(this.#dayText)
    const second = timeS - day * DAY_S
    this.#block[this.#at++] = 0x20
    this.#digits(Math.floor(second / 3600), 2)
    this.#block[this.#at++] = 0x3a
    this.#digits(Math.floor(second / 60) % 60, 2)
    this.#block[this.#at++] = 0x3a
    this.#digits(second % 60, 2)
  }
}

const COMMA = Buffer.from(',')
const IDX = Buffer.from('{"idx":')
const TIME = Buffer.from(',"time":')
const TIME_STR = Buffer.from(',"time-str":"')
const NUM = Buffer.from('","num":')
const MIN = Buffer.from(',"min":')
const LAST = Buffer.from(',"last":')
const AVG = Buffer.from(',"avg":')
const SESSIONS = Buffer.from(',"sessions":')
const END = Buffer.from('}')
