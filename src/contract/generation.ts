/**
 * A worker that takes the place of one that ended counts its connections, topics and calls anew. What others still say of
 * the old one must not meet a stranger, so each generation of a seat has numbers of its own.
 */
const GENERATIONS = 4096
const NUMBERS_EACH = 2 ** 32

/** Numbers of one generation, from 1. @param generation how many workers had the seat before; after 4096 they begin again */
export function numbersOf(generation: number): () => number {
  let last = (generation % GENERATIONS) * NUMBERS_EACH
  return () => ++last
}

/** Whether a number is of this generation. */
export function isOfGeneration(number: number, generation: number | undefined): boolean {
  return generation !== undefined && Math.floor(number / NUMBERS_EACH) === generation % GENERATIONS
}

const CALL_GENERATIONS = 256
const CALLS_EACH = 2 ** 24

/** The same for calls, whose numbers are 32 bits: 1 up, never 0, again and again. */
export function callNumbersOf(generation: number): () => number {
  const base = (generation % CALL_GENERATIONS) * CALLS_EACH
  let last = 0
  return () => {
    last = last === CALLS_EACH - 1 ? 1 : last + 1
    return base + last
  }
}
