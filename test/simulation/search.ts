import { runSeed, unknownOf } from './run.js'
import type { KnownFault, Violation } from './violations.js'

export interface SearchOptions {
  readonly from: number
  readonly seconds: number
  /** The seconds are those that the process had a processor. */
  readonly isOfCpu: boolean
  /** The search ends after so many; 0: with its time. */
  readonly stepsMax: number
  /** Steps of one run, and its workers: see RunOptions. */
  readonly steps: number
  readonly workers: number
  readonly known: readonly KnownFault[]
  /** What failed. @returns whether to go on */
  onFailure(seed: number, violations: readonly Violation[]): boolean
}

/** What a search came to. */
export interface Found {
  /** The last one that was run. */
  readonly seed: number
  readonly seconds: number
  /** Of this process alone, whatever else the machine does. */
  readonly cpuSeconds: number
  readonly runs: number
  readonly steps: number
  /** Of the last seed, but for known faults. */
  readonly violations: readonly Violation[]
  /** How often each invariant was violated, known faults too. */
  readonly times: Readonly<Record<string, number>>
}

/** Runs seeds until the time is over, the steps are taken, or one fails. */
export async function search(options: SearchOptions): Promise<Found> {
  const { from, stepsMax, steps: stepsEach, workers, known, onFailure } = options
  const startedAt = performance.now()
  const seconds = () => (performance.now() - startedAt) / 1000
  const times: Record<string, number> = {}
  let violations: readonly Violation[] = []
  let seed = from
  for (let [runs, steps] = [0, 0]; ; seed++) {
    const outcome = await runSeed({ seed, steps: stepsEach, workers, isTraced: false })
    runs++
    steps += outcome.steps
    for (const { invariant } of outcome.violations) times[invariant] = (times[invariant] ?? 0) + 1
    violations = unknownOf(outcome.violations, known)
    const isOver = stepsMax > 0 ? steps >= stepsMax : (options.isOfCpu ? cpuSeconds() : seconds()) >= options.seconds
    const goesOn = violations.length === 0 || onFailure(seed, violations)
    if (isOver || !goesOn) return { seed, seconds: seconds(), cpuSeconds: cpuSeconds(), runs, steps, violations, times }
  }
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}
