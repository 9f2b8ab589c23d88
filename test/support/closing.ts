import type { Body } from './body.js'
import type { Client } from './client.js'

interface Assertions {
  ok(value: unknown, message: string): unknown
  equal(found: unknown, wanted: unknown, message: string): unknown
}

/** The connection ends and says that the device must not come back with what it has. TCP has no close code: what the
 *  frames said before the end is asserted by the test itself. */
export async function closesForGood(t: Assertions, client: Client): Promise<void> {
  const { code } = await client.closed
  if (client.transport === 'tcp') t.equal(code, undefined, 'the stream ends')
  else t.ok(code !== undefined && code >= 4500 && code <= 4999, `close code ${code} says: do not reconnect`)
}

/** The connection ends and invites the device back. */
export async function closesForNow(t: Assertions, client: Client): Promise<void> {
  const { code } = await client.closed
  if (client.transport === 'tcp') t.equal(code, undefined, 'the stream ends')
  else t.ok(code !== undefined && code >= 4000 && code <= 4499, `close code ${code} says: reconnect`)
}

/** The connection still answers. */
export async function staysOpen(t: Assertions, client: Client): Promise<void> {
  const answer = await client.answer('PING')
  t.equal(answer.cmd, 'PONG', 'the connection still answers')
}

/** What the KICK before an end must say, and the close code behind it. */
export interface Kick {
  readonly code: number
  readonly retry: 0 | 1
  readonly closeCode: number
}

/** The connection ends as announced: a KICK, nothing behind it, and the close code on WebSocket. */
export async function isKicked(t: Assertions, client: Client, { code, retry, closeCode }: Kick): Promise<Body> {
  const kick = await client.next('KICK')
  t.equal(kick.code, code, 'KICK has the code')
  t.equal(kick.retry, retry, 'KICK says whether to come back')
  t.equal(typeof kick.errmsg, 'string', 'KICK says why')
  t.equal(typeof kick.after, retry === 1 ? 'number' : 'undefined', 'KICK says how long to wait, if at all')
  const close = await client.closed
  t.equal(close.code, client.transport === 'tcp' ? undefined : closeCode, 'the close code says the same')
  t.equal(client.inbox.arrivals.at(-1)?.cmd, 'KICK', 'nothing comes behind the KICK')
  return kick
}
