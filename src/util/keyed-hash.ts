/**
 * HalfSipHash-2-4 of eight bytes: without the key nobody can choose inputs that meet. For tables whose keys strangers choose.
 * Source: https://github.com/veorq/SipHash (halfsiphash.c).
 */
export class KeyedHash {
  readonly #k0: number
  readonly #k1: number
  /** The second half of the last result. */
  low = 0

  constructor(k0: number, k1: number) {
    this.#k0 = k0 | 0
    this.#k1 = k1 | 0
  }

  /** @returns the first half, an int32; the second is in `low`. Allocates nothing. */
  of(first: number, second: number): number {
    let v0 = this.#k0
    let v1 = this.#k1 ^ 0xee
    let v2 = this.#k0 ^ 0x6c796765
    let v3 = this.#k1 ^ 0x74656462
    let word = first | 0
    // The two words, and then the length of the input in the uppermost byte.
    for (let at = 0; at < 3; at++) {
      v3 ^= word
      for (let round = 0; round < 2; round++) {
        v0 = (v0 + v1) | 0
        v1 = rotated(v1, 5) ^ v0
        v0 = rotated(v0, 16)
        v2 = (v2 + v3) | 0
        v3 = rotated(v3, 8) ^ v2
        v0 = (v0 + v3) | 0
        v3 = rotated(v3, 7) ^ v0
        v2 = (v2 + v1) | 0
        v1 = rotated(v1, 13) ^ v2
        v2 = rotated(v2, 16)
      }
      v0 ^= word
      word = at === 0 ? second | 0 : 8 << 24
    }
    v2 ^= 0xee
    let high = 0
    for (let round = 0; round < 8; round++) {
      v0 = (v0 + v1) | 0
      v1 = rotated(v1, 5) ^ v0
      v0 = rotated(v0, 16)
      v2 = (v2 + v3) | 0
      v3 = rotated(v3, 8) ^ v2
      v0 = (v0 + v3) | 0
      v3 = rotated(v3, 7) ^ v0
      v2 = (v2 + v1) | 0
      v1 = rotated(v1, 13) ^ v2
      v2 = rotated(v2, 16)
      if (round === 3) {
        high = v1 ^ v3
        v1 ^= 0xdd
      }
    }
    this.low = v1 ^ v3
    return high
  }
}

function rotated(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits))
}
