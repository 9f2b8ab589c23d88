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
