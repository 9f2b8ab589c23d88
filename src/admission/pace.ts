/** A session is disconnected after it has been over its rate for so long. */
const OVER_MAX_MS = 10_000
/** After so long without a refusal it is within its rate again. */
const CALM_MS = 1000
const WINDOW_MS = 1000

/** How fast one session asks: state only. */
export class Pace {
  /** Until when its requests, and their bytes, are paid for: milliseconds of the clock. */
  requestsUntil = 0
  bytesUntil = 0
  /** Since when it has been over its rate, and when it was last. */
  overSince = Number.NEGATIVE_INFINITY
  overAt = Number.NEGATIVE_INFINITY
  /** It is not read from until its bytes are paid for. */
  isResting = false
}

/** What one session may ask in a second: GCRA on two times per session. Allocates nothing. */
export class PaceLimit {
  readonly #requestMs: number
  readonly #byteMs: number

  /** @param requests a second, at once or spread; 0: any number @param bytes likewise; one longer message passes when nothing else has */
  constructor(requests: number, bytes: number) {
    this.#requestMs = requests === 0 ? 0 : WINDOW_MS / requests
    this.#byteMs = bytes === 0 ? 0 : WINDOW_MS / bytes
  }

  /** Counts one request. @returns whether it was within the rate; what was not is not counted */
  takeRequest(pace: Pace, now: number): boolean {
    const until = taken(pace.requestsUntil, this.#requestMs, now)
    if (until === undefined) return false
    pace.requestsUntil = until
    return true
  }

  /** Counts the bytes of one request. @returns whether they were within the rate; what was not is not counted */
  takeBytes(pace: Pace, bytes: number, now: number): boolean {
    const until = taken(pace.bytesUntil, bytes * this.#byteMs, now)
    if (until === undefined) return false
    pace.bytesUntil = until
    return true
  }

  /** Counts the bytes of one request in any case. @returns milliseconds after which they are within the rate */
  oweBytes(pace: Pace, bytes: number, now: number): number {
    pace.bytesUntil = Math.max(pace.bytesUntil, now) + bytes * this.#byteMs
    return this.owedMs(pace, now)
  }

  /** Milliseconds after which all that was counted is within the rate. */
  owedMs({ bytesUntil }: Pace, now: number): number {
    return Math.max(0, bytesUntil - now - WINDOW_MS)
  }

  /** A request was over the rate. @returns whether that has been so for too long */
  over(pace: Pace, now: number): boolean {
    if (now - pace.overAt > CALM_MS) pace.overSince = now
    pace.overAt = now
    return now - pace.overSince >= OVER_MAX_MS
  }
}

/** A rounding error of doubles must not cost the last one of a second. */
const EPSILON_MS = 1e-6

function taken(until: number, costMs: number, now: number): number | undefined {
  const from = Math.max(until, now)
  // Who asks for more than there is in a second has to have all of it.
  return from - now + Math.min(costMs, WINDOW_MS) > WINDOW_MS + EPSILON_MS ? undefined : from + costMs
}
