import { type Precision, precisionOf } from '../../stats/precision.ts'
import { JsonText } from '../../util/json.ts'
import { ApiError, granted } from '../api-error.ts'
import type { HttpContext } from '../context.ts'

interface Prec {
  readonly prec: Precision
}
interface PrecNum extends Prec {
  readonly num: number
}

/** Adding a precision again changes how many of its buckets are kept. */
export async function addStats({ calls, placement }: HttpContext, { prec, num }: PrecNum) {
  granted(await calls.ask(placement.ofAll, 'statsAdd', { prec: String(prec.prec), num }))
  return {}
}

/** Removes the precision and its records. */
export async function deleteStats({ calls, placement }: HttpContext, { prec }: Prec) {
  granted(await calls.ask(placement.ofAll, 'statsDel', { prec: String(prec.prec) }))
  return {}
}

export async function listStats({ calls }: HttpContext) {
  const precisions = granted(await calls.askHere('statsList', {}))
  const list = precisions.map(({ precision, num }, idx) => ({ idx, prec: precisionOf(precision).prec, num }))
  return { len: list.length, list }
}

/** The newest buckets, newest first. */
export async function getStats({ calls }: HttpContext, { prec, num }: PrecNum) {
  const page = granted(await calls.askHere('statsPage', { precision: prec.id, num }))
  if (page === undefined) throw ApiError.of('BAD_PARAMETER', `prec: ${prec.prec} was never added`)
  return { prec: prec.prec, num: page.count, list: new JsonText(`[${page.text}]`) }
}
