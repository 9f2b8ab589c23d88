import type { Id } from '../util/id.ts'

/** Entries of a list in one answer, at most: a longer list is asked for page by page. */
export const PAGE_MAX = 1000

/** Groups of a user that one step looks up: of more, a step each. */
export const GROUPS_PAGE = 200

/** A part of a list in the order of its ids: the first `num` after the id `after`; without it from the beginning. */
export interface Page<T extends Id> {
  readonly num: number
  readonly after?: T | undefined
}

/** As a client asks: 0 or nothing means as many as there may be. */
export function pageOf<T extends Id>(num: number | undefined, after: T | undefined): Page<T> {
  return { num: num === undefined || num === 0 ? PAGE_MAX : Math.min(num, PAGE_MAX), after }
}
