import type { Answer } from '../bus/calls.ts'
import type { Ranked } from '../contract/methods.ts'
import type { Api } from './api.ts'
import { granted } from './api-error.ts'

/** The best of all workers: each gives its own best, so that many are enough. */
export async function mergeTop(
  { counters }: Api,
  num: number,
  ask: (worker: number) => Promise<Answer<Ranked[]>>,
): Promise<Ranked[]> {
  const answers = await Promise.all(Array.from({ length: counters.workers }, (_, worker) => ask(worker)))
  return answers
    .flatMap(answer => granted(answer))
    .sort((one, other) => other.total - one.total)
    .slice(0, num)
}
