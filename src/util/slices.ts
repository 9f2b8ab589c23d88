import type { Clock } from './clock.ts'

/** Long work holds up the thread for about this long at a time. */
const SLICE_MS = 2

/** Work in steps: it yields wherever it can be interrupted, at least every fraction of a millisecond. */
export type Steps<R> = Generator<void, R, void>

/**
 * Does the steps in slices, and lets the sockets have their turn between them.
 * @returns the result, or a promise if the work took more than one slice
 * @throws what a step throws, now or then
 */
export function inSlices<R>(clock: Clock, steps: Steps<R>): R | Promise<R> {
  const first = slice(clock, steps)
  return first.done === true ? first.value : restOf(clock, steps)
}

async function restOf<R>(clock: Clock, steps: Steps<R>): Promise<R> {
  for (;;) {
    await new Promise<void>(resolve => clock.soon(resolve))
    const next = slice(clock, steps)
    if (next.done === true) return next.value
  }
}

function slice<R>(clock: Clock, steps: Steps<R>): IteratorResult<void, R> {
  const endsAt = clock.now() + SLICE_MS
  for (;;) {
    const step = steps.next()
    if (step.done === true || clock.now() >= endsAt) return step
  }
}
