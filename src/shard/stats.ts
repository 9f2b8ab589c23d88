import type { Answer, Done } from '../contract/answer.ts'
import { refused } from '../contract/answer.ts'
import type { Handlers } from '../contract/calls.ts'
import type { Args, Methods } from '../contract/methods.ts'
import type { Jobs } from '../jobs/jobs.ts'
import { statsEntries } from '../jobs/stats-page.ts'
import type { Sample } from '../stats/bucket.ts'
import { type Precision, parsePrecision } from '../stats/precision.ts'
import { Sampler } from '../stats/sampler.ts'
import type { Timer } from '../util/clock.ts'
import { Commits } from './commits.ts'
import type { HomeContext } from './context.ts'

type StatsMethods = Pick<Handlers<Methods>, 'statsAdd' | 'statsDel' | 'statsList' | 'statsPage'>

type StatsChange =
  | { readonly type: 'added'; readonly precision: Precision; readonly num: number }
  | { readonly type: 'deleted'; readonly precision: Precision }

/** From this many buckets on a thread of its own makes the page: the worker would hold up its clients for tens of ms. */
const LONG_PAGE = 2000
const SECOND_MS = 1000

/**
 * The statistics of users online: which precisions there are, and a sample of each every second. One worker takes them; any
 * worker reads them.
 */
export class Stats {
  readonly methods: StatsMethods = {
    statsAdd: args => this.#add(args),
    statsDel: args => this.#delete(args),
    statsList: () => this.#list(),
    statsPage: args => this.#page(args),
  }
  readonly #context: HomeContext
  readonly #jobs: Jobs
  readonly #take: () => Sample
  readonly #commits: Commits<this, StatsChange>
  readonly #sampler: Sampler
  #timer: Timer | undefined

  /** @param take counts who is online now */
  constructor(context: HomeContext, jobs: Jobs, take: () => Sample) {
    const { store, onDefect } = context
    this.#context = context
    this.#jobs = jobs
    this.#take = take
    this.#sampler = new Sampler(store)
    this.#commits = new Commits(
      context,
      {
        apply: (_stats, change) => {
          if (change.type === 'added') this.#sampler.add(change.precision, change.num)
          else this.#sampler.delete(change.precision)
        },
        // The sampler queues its own writes, and no session is notified.
        write: () => undefined,
        tell: () => undefined,
        reread: () => this.#sampler.reread(),
      },
      onDefect,
    )
  }

  /** Samples at the beginning of every second from now on. */
  start(): void {
    const { clock } = this.#context
    this.#timer = clock.after(SECOND_MS - (clock.wall() % SECOND_MS), () => {
      this.start()
      const time = { wallS: Math.floor(clock.wall() / SECOND_MS), monotonicS: clock.now() / SECOND_MS }
      this.#sampler.sample(time, this.#take())
    })
  }

  async stop(): Promise<void> {
    this.#context.clock.cancel(this.#timer)
    await this.#jobs.close()
  }

  /** Adding a precision that is there changes how many buckets of it are kept. */
  #add({ prec, num }: Args<'statsAdd'>): Promise<Answer<Done>> {
    return this.#commits.make(this, () => [{ type: 'added', precision: parsePrecision(prec)!, num }])
  }

  #delete({ prec }: Args<'statsDel'>): Promise<Answer<Done>> {
    const precision = parsePrecision(prec)!
    return this.#commits.make(this, () =>
      this.#sampler.has(precision)
        ? [{ type: 'deleted', precision }]
        : refused('BAD_PARAMETER', `bad parameter: prec: ${prec} was never added`),
    )
  }

  #list(): { precision: number; num: number }[] {
    const { store } = this.#context
    store.refresh()
    return store.tables.statsPrecisions.list([]).map(({ key, value }) => ({ precision: key[0], num: value.num }))
  }

  #page(args: Args<'statsPage'>) {
    const { store, options } = this.#context
    const { precision, num } = args
    store.refresh()
    if (store.tables.statsPrecisions.get([precision]) === undefined) return undefined
    if (num < LONG_PAGE) return statsEntries(store, precision, num)
    return this.#jobs.statsPage({ dataDir: options.dataDir, precision, num })
  }
}
