import { type RunOptions, Simulation } from './simulation.js'
import type { KnownFault, Violation } from './violations.js'

export interface Outcome {
  readonly seed: number
  readonly steps: number
  readonly hash: number
  readonly violations: readonly Violation[]
  readonly trace: readonly string[]
}

/** Runs one seed to its end. */
export async function runSeed(options: RunOptions): Promise<Outcome> {
  const simulation = new Simulation(options)
  const onRejection = (reason: unknown) => simulation.violate('defect', `a rejection was left alone: ${String(reason)}`)
  process.on('unhandledRejection', onRejection)
  try {
    await simulation.run(options.steps)
  } finally {
    process.off('unhandledRejection', onRejection)
  }
  const { violations, trace, scheduler } = simulation
  return { seed: options.seed, steps: scheduler.steps, hash: trace.hash, violations, trace: trace.lines }
}

/** Those that no known fault brings about. */
export function unknownOf(violations: readonly Violation[], known: readonly KnownFault[]): Violation[] {
  const allowed = new Set(known.flatMap(({ invariants }) => invariants))
  return violations.filter(({ invariant }) => !allowed.has(invariant))
}
