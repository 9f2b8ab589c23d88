/**
 * Every error that clients and app servers can receive: the code on the wire, the HTTP status, the default `errmsg`, and
 * the sentence of the documentation (docs/errors.md is generated from this table). An error answers a request; the
 * reasons for closing a connection are in disconnect.ts. `reserved`: the code is assigned, but nothing sends it yet.
 */
export const ErrorCode = {
  OK: { code: 0, status: 200, text: 'OK', doc: 'Done.' },
  INTERNAL: {
    code: 10001,
    status: 503,
    text: 'internal error',
    doc: 'A bug in the gateway. The `errmsg` gives an id; the log has the details under that id.',
  },
  NOT_SERVING: {
    code: 10002,
    status: 503,
    text: 'not serving',
    doc: 'The gateway is starting or stopping, or its store cannot take changes. Try again later or elsewhere.',
  },
  UNAUTHORIZED: {
    code: 10005,
    status: 401,
    text: 'missing or wrong API key',
    doc: 'The API key is missing or wrong. With trustLoopback: the caller is not a direct caller on this machine.',
  },
  BUSY: {
    code: 10009,
    status: 503,
    text: 'busy',
    doc:
      'The gateway is overloaded, or an answer took too long. The request may or may not have taken effect; try again. Also ' +
      'a push with `expire` when too much is stored already, and a change of a room, group or user for which 10,000 others ' +
      'wait: then nothing was done, and errmsg says which it was.',
  },
  SID_MISMATCH: {
    code: 10013,
    status: 403,
    text: 'the sid does not belong to the uid',
    doc: 'The sid was not registered for this uid.',
  },
  MISSING_PARAMETER: {
    code: 10016,
    status: 400,
    text: 'missing parameter',
    doc: 'A required parameter is missing; the `errmsg` names it.',
  },
  BAD_PARAMETER: {
    code: 10017,
    status: 400,
    text: 'bad parameter',
    doc: 'A parameter has an invalid value; the `errmsg` names it and says what was expected.',
  },
  BODY_TOO_LONG: {
    code: 10018,
    status: 413,
    text: 'body too long',
    doc: 'The body is too long; the `errmsg` gives the limit.',
  },
  UNKNOWN_ENCODING: {
    code: 10019,
    status: 415,
    text: 'unknown content encoding',
    doc: 'The body has another Content-Encoding than gzip or deflate; the `errmsg` names it.',
  },
  UNKNOWN_PATH: {
    code: 10020,
    status: 404,
    text: 'unknown path, action or option',
    doc: 'No interface has this path, `action`, `option` or `dim`.',
  },
  WRONG_METHOD: { code: 10021, status: 405, text: 'wrong method', doc: 'The interface takes another HTTP method.' },
  RATE_IP: {
    code: 10022,
    status: 429,
    text: 'too many requests from this address',
    doc: 'This IP address connects, or fails to sign in, more often than allowed.',
  },
  RATE_USER: {
    code: 10023,
    status: 429,
    text: 'too many requests from this user',
    doc: 'The user is over a limit: sessions, groups, blocked or muted users, rooms and groups made.',
  },
  RATE_CALLER: {
    code: 10024,
    status: 429,
    text: 'too many requests',
    doc: 'This session, or the callers with this API key, send more than allowed.',
  },

  ONLINE_REFUSED: { code: 20001, status: 403, text: 'online refused', doc: 'The connection has already signed in.' },
  JOIN_REFUSED: { code: 20003, status: 403, text: 'join refused', doc: 'The user may not join.', reserved: true },
  NOT_SIGNED_IN: { code: 20008, status: 403, text: 'not signed in', doc: 'Sign in with ONLINE first.' },
  REPLACED: {
    code: 20009,
    status: 409,
    text: 'taken by a newer connection or another node',
    doc: 'A newer connection signed in with this sid and took over. For a node: another address already has this nid.',
  },
  BAD_HEADER: {
    code: 20010,
    status: 400,
    text: 'bad frame',
    doc: 'The frame is not a valid request: unknown command, bad flags, length or format.',
  },
  BAD_BODY: {
    code: 20011,
    status: 400,
    text: 'bad body',
    doc: 'A required field of the body is missing, or a field has an invalid value.',
  },
  BAD_TOKEN: {
    code: 20012,
    status: 401,
    text: 'bad or expired token',
    doc: 'The token is forged, altered or expired, or belongs to another uid or sid.',
  },
  CLOSED: { code: 20101, status: 409, text: 'closed', doc: 'The room is closed, or the group was dismissed.' },
  BLACKLISTED: {
    code: 20102,
    status: 403,
    text: 'blacklisted',
    doc: 'The user is on the blacklist of the room or group; for a CHAT: the receiver has blocked the sender.',
  },
  GAGGED: { code: 20103, status: 403, text: 'gagged', doc: 'The user is gagged, or everybody is.' },
  FULL: { code: 20104, status: 409, text: 'full', doc: 'The group already has as many members as its cap allows.' },
  NO_SUCH_GROUP: { code: 20105, status: 404, text: 'no such group', doc: 'No group has this gid.' },
  NOT_MEMBER: {
    code: 20106,
    status: 403,
    text: 'not a member',
    doc: 'The user who asks, or the user named in the request, is not a member.',
  },
  NOT_ALLOWED: {
    code: 20107,
    status: 403,
    text: 'not allowed',
    doc: 'The user may not do this; for GROUP-CREAT: the group already exists.',
  },
  TOO_MANY_ROOMS: {
    code: 20108,
    status: 409,
    text: 'too many rooms',
    doc: 'The session is already in as many rooms as `roomsPerSessionMax` allows.',
  },
  USER_OFFLINE: {
    code: 20109,
    status: 409,
    text: 'user is offline',
    doc: 'The user has no session online. The CHAT or GROUP-INVITE was not delivered and is not kept.',
  },
} as const

export type ErrorName = keyof typeof ErrorCode

const texts = new Map<number, string>(Object.values(ErrorCode).map(row => [row.code, row.text]))

/** The default `errmsg` of a code. */
export function errorText(code: number): string {
  return texts.get(code) ?? 'error'
}
