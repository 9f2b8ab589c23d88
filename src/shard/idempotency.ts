import type { Answer, Handlers } from '../bus/calls.ts'
import type { Methods } from '../contract/methods.ts'
import type { IdempotencyRecord } from '../store/schema.ts'
import { afterCommit, refused, type Shard } from './shard.ts'

type IdempotencyMethods = Pick<Handlers<Methods>, 'idempotencyClaim' | 'idempotencySettle'>
type Claim = Methods['idempotencyClaim']['reply']

const VALID_MS = 300_000

/**
 * The idempotency keys that this worker owns. The first use of a key claims it; others with the same key wait for what it
 * brings. A reply is on the disk before it is given, so a repetition after a restart gets it too.
 */
export class Idempotency {
  readonly handlers: IdempotencyMethods = {
    idempotencyClaim: ({ key }) => this.#claim(key),
    idempotencySettle: ({ key, reply }) => this.#settle(key, reply),
  }
  readonly #shard: Shard
  readonly #pending = new Map<string, ((claim: Claim) => void)[]>()
  readonly #replies = new Map<string, IdempotencyRecord>()

  constructor(shard: Shard) {
    this.#shard = shard
    for (const { key, value } of shard.store.tables.idempotency.list()) {
      if (shard.placement.ownerOfText(key.toString()) === shard.bus.self) this.#replies.set(key.toString(), value)
    }
  }

  prune(now: number): void {
    for (const [key, { expiresAt }] of this.#replies) {
      if (expiresAt > now) return
      this.#replies.delete(key)
      this.#shard.store.tables.idempotency.remove(Buffer.from(key))
    }
  }

  #claim(key: string): Answer<Claim> | Promise<Claim> {
    const known = this.#replies.get(key)
    if (known !== undefined && known.expiresAt > Date.now()) return { reply: known.reply }
    const waiting = this.#pending.get(key)
    if (waiting !== undefined) {
      if (waiting.length > 1000) return refused('BUSY')
      return new Promise(resolve => waiting.push(resolve))
    }
    this.#pending.set(key, [])
    return { fresh: true }
  }

  /** @param reply empty: the first use failed; the next one is the first */
  async #settle(key: string, reply: string): Promise<Answer<Record<string, never>>> {
    const waiting = this.#pending.get(key) ?? []
    const next = reply === '' ? waiting.shift() : undefined
    if (next !== undefined) {
      next({ fresh: true })
      return {}
    }
    this.#pending.delete(key)
    if (reply === '') return {}
    const record = { reply, expiresAt: Date.now() + VALID_MS }
    this.#replies.set(key, record)
    this.#shard.store.tables.idempotency.put(Buffer.from(key), record)
    const stored = await afterCommit(this.#shard, {}, () => undefined)
    for (const resolve of waiting) resolve({ reply })
    return stored
  }
}
