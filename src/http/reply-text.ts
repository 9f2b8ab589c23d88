import type { Clock } from '../util/clock.ts'
import { JsonText, stringify } from '../util/json.ts'
import { inSlices, type Steps } from '../util/slices.ts'
import type { Reply } from './route.ts'

/** So many entries of a list are a step: a fraction of a millisecond. */
const STEP = 100

/** The JSON of a reply, later if it has a long list: that one is made in slices. */
export function replyText(clock: Clock, reply: Reply): string | Promise<string> {
  return isLong(reply['list']) ? inSlices(clock, steps(reply, reply['list'])) : stringify(reply)
}

function isLong(list: unknown): list is readonly unknown[] {
  return Array.isArray(list) && list.length > STEP
}

function* steps(reply: Reply, list: readonly unknown[]): Steps<string> {
  let entries = ''
  for (let at = 0; at < list.length; at += STEP) {
    const some = stringify(list.slice(at, at + STEP))
    entries += `${at > 0 ? ',' : ''}${some.slice(1, -1)}`
    yield
  }
  return stringify({ ...reply, list: new JsonText(`[${entries}]`) })
}
