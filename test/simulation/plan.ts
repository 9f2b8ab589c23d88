import type { Uid } from '#dist/util/id.js'

/* Who and what there is in a run: few of each, so that they meet. */

export const UIDS = [1, 2, 3, 4] as unknown as readonly Uid[]
export const RIDS = [501, 502, 503] as const
export const GIDS = [601, 602, 603] as const
/** Long enough to outlast every run. */
export const EXPIRE_S = 86_400
/** How long the buckets of the statistics are. */
export const PRECISION_S = 10
