import { Piscina } from 'piscina'
import type { StatisPage, StatisText } from './statis-page.ts'

const IDLE_MS = 10_000
const QUEUE_MAX = 64

/**
 * Work that would hold up a worker for too long, in a thread of its own that is started when it is first needed. Only what
 * reads the store and makes text: never anything with sockets. Thread: its worker.
 */
export class Jobs {
  #pool: Piscina<StatisPage, StatisText> | undefined

  statisPage(page: StatisPage): Promise<StatisText> {
    this.#pool ??= new Piscina<StatisPage, StatisText>({
      filename: new URL('./statis-page.js', import.meta.url).href,
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
