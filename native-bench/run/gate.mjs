// What the gate looks at: how imgate stands beside the yardstick, as ratios of which more is better.
import { runCase } from './interleave.mjs'
import { scenarios } from './scenarios/index.mjs'
import { settingsOf } from './settings.mjs'
import { ratioOf } from './summary.mjs'
import { bare, imgate } from './variants.mjs'

export const RUNS = 3
/** By how much of its baseline a ratio may fall. */
export const FALL_MAX = 1 / 3

const SHORT = { warmup: 0.5, seconds: 0.7 }

// CPU time rather than time wherever it tells the same: other work on the machine takes time away, and hardly CPU time.
// `isCost`: less is better, so the ratio is turned round.
export const checks = [
  {
    name: 'delivery-cpu',
    doc: 'CPU per delivery at 800 messages/s',
    scenario: 'cpu',
    figure: 'server_us_per_delivery',
    isCost: true,
  },
  { name: 'fanout', doc: 'deliveries/s, 64 outstanding', scenario: 'fanout', figure: 'deliveries_per_s' },
  {
    name: 'push-cpu',
    doc: 'CPU per push to a room of one',
    scenario: 'push-one',
    figure: 'server_us_per_push',
    isCost: true,
  },
  {
    name: 'signin-cpu',
    doc: 'CPU per sign-in',
    scenario: 'signin',
    settings: { members: 1000 },
    figure: 'signin_server_us',
    isCost: true,
  },
  {
    name: 'idle-memory',
    doc: 'bytes per idle connection',
    scenario: 'idle',
    settings: { members: 3000, seconds: 0.1 },
    figure: 'rss_per_connection',
    isCost: true,
  },
]

/** @returns the reports of interleaved runs, by variant */
export async function look({ name, scenario, settings = {} }, context) {
  const row = scenarios[scenario]
  const plan = {
    id: name,
    name: scenario,
    scenario: row,
    settings: settingsOf(row, SHORT, settings),
    variants: [imgate, bare],
    runs: RUNS,
  }
  return (await runCase(plan, context)).results
}

/** @param looks one or more results of `look`, which then count together @returns undefined when no run gave a figure */
export function standing({ figure, isCost }, looks) {
  const [ours, yardstick] = [imgate, bare].map(({ name }) => looks.flatMap(results => results[name] ?? []))
  return (isCost ? ratioOf(yardstick, ours, figure) : ratioOf(ours, yardstick, figure))?.median
}

/** 1: as good as the baseline. */
export const isFallen = (reached, baseline) => !(reached >= baseline * (1 - FALL_MAX))
