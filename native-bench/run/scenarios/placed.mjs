// More than one worker: what it costs, and what it costs to be at the wrong one.
import { bare, imgateOf } from '../variants.mjs'
import { crowd, stretch } from './arguments.mjs'

export const placed = {
  private: {
    question: 'what does a chat between two cost, over two workers?',
    title: o => `Private chat: ${o.rate} messages/s between random pairs of ${o.members}, open loop`,
    settings: { members: 2000, rate: 10_000 },
    variants: () => [imgateOf(2), bare],
    command: 'private',
    args: o => ['--members', o.members, '--payload', o.payload, ...stretch(o), '--rate', o.rate],
    plotted: 'p99_ms',
    figures: [
      ['publishes_per_s', 'achieved, messages/s', 0, false],
      ['delivered_ratio', 'delivered / expected', 4, false],
      ['p50_ms', 'p50, ms', 2, true],
      ['p99_ms', 'p99, ms', 2, true],
      ['server_us_per_delivery', 'server CPU per delivery, us', 2, true],
      ['server_cores', 'server CPU, cores', 2, false],
      ['client_cores', 'client CPU, cores', 2, false],
    ],
  },
  workers: {
    question: 'what does a delivery cost with more workers?',
    title: o => `Workers: ${o.rate} messages/s in a room of ${o.members}, open loop`,
    settings: { rate: 400 },
    variants: () => [imgateOf(1), imgateOf(2), imgateOf(4)],
    command: 'rate',
    args: o => [...crowd(o), ...stretch(o), '--rate', o.rate],
    figures: [
      ['server_us_per_delivery', 'server CPU per delivery, us', 3, false],
      ['p50_ms', 'p50, ms', 2, false],
      ['p99_ms', 'p99, ms', 2, false],
      ['server_cores', 'server CPU, cores', 2, false],
    ],
  },
  placement: {
    question: "what does it cost that another worker owns the members' room?",
    title: o => `Other worker's room: ${o.rate} messages/s in a room of ${o.members}, all members at one worker`,
    settings: { members: 300, rate: 400, seconds: 1 },
    variants: () => [imgateOf(2)],
    command: 'placement',
    args: o => [...crowd(o), ...stretch(o), '--rate', o.rate],
    derive: report => ({ other_of_own: report.other_us_per_delivery / report.own_us_per_delivery }),
    plotted: 'other_of_own',
    figures: [
      ['own_us_per_delivery', "server CPU per delivery, own worker's room, us", 3, false],
      ['other_us_per_delivery', "other worker's room, us", 3, false],
      ['other_of_own', 'other / own', 2, false],
    ],
  },
}
