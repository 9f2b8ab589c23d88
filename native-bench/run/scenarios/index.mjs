// The scenarios, in the order in which a full run takes them. A row of the families beside this file:
//   question: what it answers, in one line
//   title: heading of its table, from the settings of the case
//   settings: what is different from the settings in settings.mjs; `quick`: what is different from
//     both in a quick run
//   cases: one table for each, as settings; absent: one case
//   variants: the rows of the table, from the settings of the case
//   command: the client's scenario; or `script`: a program of ours that reports in the client's form
//   args: of the command, `(settings, variant, found)`; `found(case, variant, figure)` is a median that this run has found
//   startsFresh: imgate is measured from its start: its devices were registered by one before it
//   metrics: of imgate, that become figures of the report
//   derive: adds figures to a report, `(report, variant, found)`
//   needs: scenarios whose figures it needs
//   runs: how often, where it is not what was asked for
//   isPinned: false for a check that may spread over all cores
//   figures: [name in the report, heading, digits, is compared with the yardstick]
//   plotted: the figure that answers the question, where it is not the first one
import { connections } from './connections.mjs'
import { crowded } from './crowded.mjs'
import { placed } from './placed.mjs'
import { pushed } from './pushed.mjs'
import { steady } from './steady.mjs'
import { whole } from './whole.mjs'

export const scenarios = { ...steady, ...crowded, ...placed, ...pushed, ...connections, ...whole }

/** Less than a minute together, and a figure for most of what matters. */
export const QUICK = ['publishers', 'cpu', 'fanout', 'push-one', 'signin', 'idle']
