/**
 * Every error that a client or an app server can be told, once: the number on the wire, the HTTP status class and the
 * sentence of the documentation (docs/errors.md is generated from this table). An error answers a request; what closes
 * a connection is in disconnect.ts. `reserved`: the number is settled, but nothing sends it yet.
 */
export const ErrorCode = {
  OK: { code: 0, status: 200, text: 'OK', doc: 'Done.' },
  INTERNAL: { code: 10001, status: 503, text: 'internal error', doc: 'A defect of the gateway; the log has the id.' },
  NOT_SERVING: {
    code: 10002,
    status: 503,
    text: 'not serving',
    doc: 'Starting, draining, or the store is read-only. Try again elsewhere or later.',
  },
  UNAUTHORIZED: {
    code: 10005,
    status: 401,
    text: 'no or wrong API key',
    doc: 'No or wrong API key; without any set: not a direct caller from this machine.',
  },
  BUSY: { code: 10009, status: 503, text: 'busy', doc: 'Overloaded or out of time; nothing was promised. Try again.' },
  SID_MISMATCH: {
    code: 10013,
    status: 403,
    text: 'the sid does not belong to the uid',
    doc: 'The sid was not registered by this uid.',
  },
  MISSING_PARAMETER: {
    code: 10016,
    status: 400,
    text: 'missing parameter',
    doc: 'A required parameter is missing; named.',
  },
  BAD_PARAMETER: {
    code: 10017,
    status: 400,
    text: 'bad parameter',
    doc: 'A parameter has a bad value; says which, what was expected and what came.',
  },
  BODY_TOO_LONG: { code: 10018, status: 413, text: 'body too long', doc: 'The body is longer than allowed.' },
  UNKNOWN_PATH: {
    code: 10020,
    status: 404,
    text: 'unknown path, action or option',
    doc: 'There is no such interface.',
  },
  WRONG_METHOD: { code: 10021, status: 405, text: 'wrong method', doc: 'The interface takes another HTTP method.' },
  RATE_IP: {
    code: 10022,
    status: 429,
    text: 'too many requests from this address',
    doc: 'The IP is over its rate.',
    reserved: true,
  },
  RATE_USER: {
    code: 10023,
    status: 429,
    text: 'too many requests of this user',
    doc: 'The user is over the rate.',
  },

  ONLINE_REFUSED: { code: 20001, status: 403, text: 'online refused', doc: 'ONLINE was refused.' },
  JOIN_REFUSED: { code: 20003, status: 403, text: 'join refused', doc: 'The join was refused.', reserved: true },
  NOT_SIGNED_IN: { code: 20008, status: 403, text: 'not signed in', doc: 'The command needs a signed-in session.' },
  REPLACED: {
    code: 20009,
    status: 409,
    text: 'replaced by a newer one',
    doc: 'A newer connection of this sid took over; for a node: the nid is taken by another address.',
  },
  BAD_HEADER: { code: 20010, status: 400, text: 'bad frame', doc: 'A frame header, or the frame, makes no sense.' },
  BAD_BODY: { code: 20011, status: 400, text: 'bad body', doc: 'The body lacks a field or a field has a wrong type.' },
  BAD_TOKEN: {
    code: 20012,
    status: 401,
    text: 'bad or expired token',
    doc: 'Forged, altered or expired, or of another sid.',
  },
  CLOSED: { code: 20101, status: 409, text: 'closed', doc: 'The room is closed or the group is dismissed.' },
  BLACKLISTED: { code: 20102, status: 403, text: 'blacklisted', doc: 'The user is on the blacklist.' },
  GAGGED: { code: 20103, status: 403, text: 'gagged', doc: 'The user, or everybody, is gagged.' },
  FULL: { code: 20104, status: 409, text: 'full', doc: 'No place left.' },
  NO_SUCH_GROUP: { code: 20105, status: 404, text: 'no such group', doc: 'The group does not exist.' },
  NOT_MEMBER: {
    code: 20106,
    status: 403,
    text: 'not a member',
    doc: 'The one who asks, or is meant, is not a member.',
  },
  NOT_ALLOWED: { code: 20107, status: 403, text: 'not allowed', doc: 'The right to do this is missing.' },
  TOO_MANY_ROOMS: {
    code: 20108,
    status: 409,
    text: 'too many rooms',
    doc: 'The session is in as many rooms as it may be.',
  },
  USER_OFFLINE: {
    code: 20109,
    status: 409,
    text: 'user is offline',
    doc: 'A CHAT to a user without a session online: it was delivered to nobody and is not kept.',
  },
} as const

export type ErrorName = keyof typeof ErrorCode

const texts = new Map<number, string>(Object.values(ErrorCode).map(row => [row.code, row.text]))

/** The `errmsg` of a code that says nothing more particular. */
export function errorText(code: number): string {
  return texts.get(code) ?? 'error'
}
