import type { Random } from '../support/seed.js'

/** Bytes that mean something to one of the parsers: they are hit too seldom by chance. */
const TELLING = [
  ...[0x00, 0x01, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc4, 0xc7, 0xc9, 0xca, 0xcb, 0xcf, 0xd3, 0xd4],
  ...[0xd8, 0xd9, 0xdb, 0xdd, 0xdf, 0xe0, 0xff, 0xfe, 0xf8, 0xed, 0xc3],
  ...Buffer.from('{}[]",:\\u0dDeE+-.19%&=\n '),
]
const LONGEST = 65_536
const SELDOM = 2000
/** Longer ones cost so much that they are changed seldom. */
const SHORT_BYTES_MAX = 2048

/** Makes inputs out of others. */
export class Mutator {
  readonly #random: Random
  readonly #seeds: readonly Buffer[]
  readonly #short: readonly Buffer[]

  constructor(random: Random, seeds: readonly Buffer[]) {
    this.#random = random
    this.#seeds = seeds
    this.#short = seeds.filter(({ length }) => length <= SHORT_BYTES_MAX)
  }

  next(): Buffer {
    const random = this.#random
    if (random.below(20) === 0) return random.bytes(random.below(40))
    let input: Buffer = Buffer.from(random.pick(random.below(SELDOM) === 0 ? this.#seeds : this.#short))
    for (let changes = 1 + random.below(4); changes > 0; changes--) input = this.#changed(input)
    return random.below(SELDOM) === 0 ? this.#long(input) : input
  }

  #changed(input: Buffer): Buffer {
    const random = this.#random
    const at = random.below(input.length + 1)
    const end = Math.min(input.length, at + random.below(16))
    switch (random.below(8)) {
      case 0:
        if (at < input.length) input[at]! ^= 1 << random.below(8)
        return input
      case 1:
        if (at < input.length) input[at] = random.below(256)
        return input
      case 2:
        if (at < input.length) input[at] = random.pick(TELLING)
        return input
      case 3:
        return Buffer.concat([input.subarray(0, at), Buffer.from([random.pick(TELLING)]), input.subarray(at)])
      case 4:
        return Buffer.concat([input.subarray(0, at), input.subarray(end)])
      case 5:
        return Buffer.concat([input.subarray(0, end), input.subarray(at)])
      case 6: {
        const other = random.pick(this.#short)
        return Buffer.concat([input.subarray(0, at), other.subarray(random.below(other.length + 1))])
      }
      default:
        // A length that may be anything.
        if (input.length >= 4) input.writeUInt32BE(random.below(2 ** 32), random.below(input.length - 3))
        return input
    }
  }

  /** As long as a frame may be: what takes more than its share of time shows only then. */
  #long(input: Buffer): Buffer {
    const random = this.#random
    if (input.length === 0) return input
    const at = random.below(input.length)
    const piece = input.subarray(at, at + 1 + random.below(Math.min(64, input.length - at)))
    const times = Math.floor((LONGEST - input.length) / piece.length)
    const repeated = Buffer.concat(Array.from({ length: Math.max(0, times) }, () => piece))
    return Buffer.concat([input.subarray(0, at), repeated, input.subarray(at)])
  }
}
