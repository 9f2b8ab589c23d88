import type { Frame } from './body.js'
import { DEADLINE_MS, describe, withDeadline } from './deadline.js'

export type Format = 'binary' | 'json'

export interface Arrival extends Frame {
  readonly format: Format
  /** Milliseconds on the monotonic clock. */
  readonly at: number
}

interface Wait {
  readonly matches: (arrival: Arrival) => boolean
  readonly what: string
  readonly resolve: (arrival: Arrival) => void
  readonly reject: (error: Error) => void
}

/** What has arrived on a connection, and who waits for what. A frame is handed out once, in order of arrival. */
export class Inbox {
  readonly arrivals: Arrival[] = []
  readonly #untaken = new Set<Arrival>()
  readonly #waits = new Set<Wait>()
  #ended: string | undefined

  add(arrival: Arrival): void {
    this.arrivals.push(arrival)
    for (const wait of this.#waits) {
      if (!wait.matches(arrival)) continue
      this.#waits.delete(wait)
      wait.resolve(arrival)
      return
    }
    this.#untaken.add(arrival)
  }

  /** Nothing more will come: who still waits waits in vain. */
  end(reason: string): void {
    this.#ended ??= reason
    for (const wait of this.#waits) wait.reject(this.#missed(wait.what))
    this.#waits.clear()
  }

  async take(matches: (arrival: Arrival) => boolean, what: string, timeoutMs = DEADLINE_MS): Promise<Arrival> {
    for (const arrival of this.#untaken) {
      if (!matches(arrival)) continue
      this.#untaken.delete(arrival)
      return arrival
    }
    if (this.#ended !== undefined) throw this.#missed(what)
    let wait: Wait | undefined
    const arrived = new Promise<Arrival>((resolve, reject) => {
      wait = { matches, what, resolve, reject }
      this.#waits.add(wait)
    })
    try {
      return await withDeadline(arrived, () => `${what}; ${this.#summary()}`, timeoutMs)
    } finally {
      if (wait !== undefined) this.#waits.delete(wait)
    }
  }

  #missed(what: string): Error {
    return new Error(`${this.#ended} while waiting for ${what}; ${this.#summary()}`)
  }

  #summary(): string {
    if (this.arrivals.length === 0) return 'nothing had arrived'
    const last = this.arrivals
      .slice(-8)
      .map(({ cmd, seq, body }) => `${cmd} seq ${seq} ${describe(body).slice(0, 200)}`)
    return `${this.arrivals.length} frames had arrived, the last: ${last.join(', ')}`
  }
}
