import type { Answer, Handlers } from '../bus/calls.ts'
import type { Methods } from '../contract/methods.ts'
import type { Sample } from '../statis/bucket.ts'
import { parsePrecision } from '../statis/precision.ts'
import { Sampler } from '../statis/sampler.ts'
import { afterCommit, refused, type Shard } from './shard.ts'

type StatisMethods = Pick<Handlers<Methods>, 'statisAdd' | 'statisDel'>
type Done = Record<string, never>

/** The online statistics: which precisions there are, and a sample of each every second. One worker owns them. */
export class Statistics {
  readonly handlers: StatisMethods = {
    statisAdd: ({ prec, num }) => {
      this.#sampler.add(parsePrecision(prec)!, num)
      return afterCommit(this.#shard, {}, () => undefined)
    },
    statisDel: ({ prec }) => this.#delete(prec),
  }
  readonly #shard: Shard
  readonly #sampler: Sampler
  readonly #take: () => Sample
  #timer: NodeJS.Timeout | undefined

  /** @param take counts who is online now */
  constructor(shard: Shard, take: () => Sample) {
    this.#shard = shard
    this.#sampler = new Sampler(shard.store)
    this.#take = take
  }

  /** Samples at the beginning of every second from now on. */
  start(): void {
    this.#timer = setTimeout(
      () => {
        this.#sampler.sample(
          { wallS: Math.floor(Date.now() / 1000), monotonicS: performance.now() / 1000 },
          this.#take(),
        )
        this.start()
      },
      1000 - (Date.now() % 1000),
    )
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  #delete(prec: string): Answer<Done> | Promise<Answer<Done>> {
    if (!this.#sampler.delete(parsePrecision(prec)!))
      return refused('BAD_PARAMETER', `bad parameter: prec: ${prec} was never added`)
    return afterCommit(this.#shard, {}, () => undefined)
  }
}
