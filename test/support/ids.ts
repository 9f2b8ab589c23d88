/** An id as the tests hold it: a number where that is exact, a bigint above 2^53 - 1. */
export type Id = number | bigint

/** The one form of an integer that `t.equal` can compare: a number when safe, else a bigint. */
export function id(value: Id): Id {
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : BigInt(value)
}

let lastId = 1000

/** An id that no other test of this file uses. */
export function freshId(): number {
  lastId += 1
  return lastId
}

/** The ids at which a rounding, a sign or a 32-bit slot shows. */
export const EDGE_IDS: readonly Id[] = [
  1,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 32,
  2n ** 53n - 1n,
  2n ** 53n,
  2n ** 53n + 1n,
  2n ** 63n - 1n,
  2n ** 63n,
  2n ** 64n - 1n,
].map(id)
