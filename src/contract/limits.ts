/** What callers are held to: the option of each limit, and the counter of what was over it. */
export const limitCounters = {
  connectionsPerIpMax: 'limited_connections_per_ip_total',
  connectsPerIpPerSecond: 'limited_connects_per_ip_total',
  badSignInsPerIpPerMinute: 'limited_bad_sign_ins_per_ip_total',
  sessionsPerUidMax: 'limited_sessions_per_uid_total',
  groupsPerUserMax: 'limited_groups_per_user_total',
  relationsPerUserMax: 'limited_relations_per_user_total',
  creationsPerUserPerMinute: 'limited_creations_per_user_total',
  requestsPerSecond: 'limited_requests_total',
  requestBytesPerSecond: 'limited_request_bytes_total',
  httpRequestsPerKeyPerSecond: 'limited_http_requests_per_key_total',
} as const
export type LimitName = keyof typeof limitCounters
export type LimitCounter = (typeof limitCounters)[LimitName]

/** The limits as those know them who only ask whether there is one and say that it was exceeded. */
export interface LimitBook {
  /** @returns 0: there is none, or limits are off */
  of(name: LimitName): number
  /** Counts and logs that somebody is over it. @returns whether he is refused: not when limits only observe */
  exceeded(name: LimitName, kind: 'address' | 'uid' | 'key', who: string | number | bigint): boolean
}
