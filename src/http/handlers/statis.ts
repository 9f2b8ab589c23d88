import { statisEntries } from '../../jobs/statis-page.ts'
import { type Precision, precisionOf } from '../../statis/precision.ts'
import { idAt, key } from '../../store/table.ts'
import { JsonText } from '../../util/json.ts'
import type { Api } from '../api.ts'
import { ApiError, granted } from '../api-error.ts'

interface Prec {
  readonly prec: Precision
}
interface PrecNum extends Prec {
  readonly num: number
}

/** Adding a precision that is there changes how many buckets of it are kept. */
export async function addStatis({ calls, placement }: Api, { prec, num }: PrecNum) {
  granted(await calls.ask(placement.ofAll, 'statisAdd', { prec: String(prec.prec), num }))
  return {}
}

/** Removes the precision and its records. */
export async function deleteStatis({ calls, placement }: Api, { prec }: Prec) {
  granted(await calls.ask(placement.ofAll, 'statisDel', { prec: String(prec.prec) }))
  return {}
}

export async function listStatis({ store }: Api) {
  store.refresh()
  const list = store.tables.statisPrecisions
    .list()
    .map(({ key: at, value }, idx) => ({ idx, prec: precisionOf(idAt(at, 0) as number).prec, num: value.num }))
  return { len: list.length, list }
}

/** From this many on a page is made beside the worker: it would hold up its clients for tens of milliseconds. */
const LONG_PAGE = 2000

/** The newest buckets, newest first. */
export async function getStatis({ store, jobs, options: { dataDir } }: Api, { prec, num }: PrecNum) {
  store.refresh()
  if (store.tables.statisPrecisions.get(key(prec.id)) === undefined) {
    throw ApiError.of('BAD_PARAMETER', `prec: ${prec.prec} was never added`)
  }
  const { text, count } =
    num < LONG_PAGE ? statisEntries(store, prec.id, num) : await jobs.statisPage({ dataDir, precision: prec.id, num })
  return { prec: prec.prec, num: count, list: new JsonText(`[${text}]`) }
}
