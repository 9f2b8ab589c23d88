import type { Answer } from '../contract/answer.ts'
import type { Ranked } from '../contract/methods.ts'
import { granted } from './api-error.ts'

/** Merges the rankings of all homes; `num` entries from each are enough. @throws ApiError if a home did not answer */
export async function mergeTop(answers: Promise<Answer<Ranked[]>[]>, num: number): Promise<Ranked[]> {
  return (await answers)
    .flatMap(answer => granted(answer))
    .sort((one, other) => other.total - one.total)
    .slice(0, num)
}
