/** A source of numbers that a seed repeats. */
export interface Random {
  readonly seed: number
  /** An integer from 0 up to, not including, `limit`. */
  below(limit: number): number
  pick<T>(items: readonly T[]): T
  bytes(length: number): Buffer
}

/** Mulberry32: small, fast, and good enough to shuffle with. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
}

/** All chance of one seed. */
export function randomOf(seed: number): Random {
  const next = mulberry32(seed)
  const below = (limit: number): number => Math.floor((next() / 2 ** 32) * limit)
  return {
    seed,
    below,
    pick: items => items[below(items.length)]!,
    bytes: length => Buffer.from(Array.from({ length }, () => below(256))),
  }
}

/** Prints its seed, so that a failure can be repeated with IMGATE_TEST_SEED. */
export function seededRandom(t: { comment(message: string): unknown }): Random {
  const wanted = process.env['IMGATE_TEST_SEED']
  const seed = wanted === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(wanted)
  t.comment(`IMGATE_TEST_SEED=${seed}`)
  return randomOf(seed)
}
