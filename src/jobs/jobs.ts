import { Piscina } from 'piscina'
import type { StatsPage, StatsText } from './stats-page.ts'

const IDLE_MS = 10_000
const QUEUE_MAX = 64

/**
 * Work that would hold up a worker for too long, in a thread of its own that is started when it is first needed. Only what
 * reads the store and makes text: never anything with sockets. Thread: its worker.
 */
export class Jobs {
  #pool: Piscina<StatsPage, StatsText> | undefined

  statsPage(page: StatsPage): Promise<StatsText> {
    this.#pool ??= new Piscina<StatsPage, StatsText>({
      filename: new URL('./stats-page.js', import.meta.url).href,
      minThreads: 0,
      maxThreads: 1,
      maxQueue: QUEUE_MAX,
      idleTimeout: IDLE_MS,
      execArgv: [],
    })
    return this.#pool.run(page)
  }

  async close(): Promise<void> {
    await this.#pool?.close()
  }
}
