import type { Answer, Handlers } from '../bus/calls.ts'
import type { Methods } from '../contract/methods.ts'
import type { IdempotencyRecord } from '../store/schema.ts'
import { afterCommit, refused, type Shard } from './shard.ts'

type IdempotencyMethods = Pick<Handlers<Methods>, 'idempotencyClaim' | 'idempotencySettle'>
type Claim = Methods['idempotencyClaim']['reply']

const VALID_MS = 300_000
const WAITING_MAX = 1000

/** A first use that is under way, and others that wait for what it brings. */
interface Pending {
  claimedAt: number
  readonly waiting: { readonly since: number; readonly resolve: (claim: Claim) => void }[]
}

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
  readonly #pending = new Map<string, Pending>()
  readonly #replies = new Map<string, IdempotencyRecord>()

  constructor(shard: Shard) {
    this.#shard = shard
    const stored = shard.store.tables.idempotency
      .list()
      .sort((one, other) => one.value.expiresAt - other.value.expiresAt)
    for (const { key, value } of stored) {
      if (shard.placement.ownerOfText(key.toString()) === shard.bus.self) this.#replies.set(key.toString(), value)
    }
  }

  prune(now: number): void {
    for (const [key, { expiresAt }] of this.#replies) {
      if (expiresAt > now) break
      this.#replies.delete(key)
      this.#shard.store.tables.idempotency.remove(Buffer.from(key))
    }
    for (const [key, { claimedAt }] of this.#pending) {
      if (performance.now() - claimedAt > this.#claimMaxMs) this.#pending.delete(key)
    }
  }

  #claim(key: string): Answer<Claim> | Promise<Claim> {
    const known = this.#replies.get(key)
    if (known !== undefined && known.expiresAt > Date.now()) return { reply: known.reply }
    const pending = this.#pending.get(key)
    const now = performance.now()
    if (pending !== undefined && now - pending.claimedAt < this.#claimMaxMs) {
      if (pending.waiting.length >= WAITING_MAX) return refused('BUSY')
      return new Promise(resolve => pending.waiting.push({ since: now, resolve }))
    }
    this.#pending.set(key, { claimedAt: now, waiting: pending?.waiting ?? [] })
    return { fresh: true }
  }

  /** A first use takes no longer than this: whoever claimed the key is gone. */
  get #claimMaxMs(): number {
    return this.#shard.options.callTimeoutMs * 2
  }

  /** @param reply empty: the first use failed; the next one is the first */
  async #settle(key: string, reply: string): Promise<Answer<Record<string, never>>> {
    const { waiting } = this.#pending.get(key) ?? { waiting: [] }
    if (reply === '') {
      const now = performance.now()
      // Whoever has waited for longer than a call may take has been told that we are busy.
      let next = waiting.shift()
      while (next !== undefined && now - next.since > this.#shard.options.callTimeoutMs) next = waiting.shift()
      if (next === undefined) this.#pending.delete(key)
      else {
        this.#pending.set(key, { claimedAt: now, waiting })
        next.resolve({ fresh: true })
      }
      return {}
    }
    this.#pending.delete(key)
    const record = { reply, expiresAt: Date.now() + VALID_MS }
    // In order of their ends: the prune stops at the first that is valid.
    this.#replies.delete(key)
    this.#replies.set(key, record)
    this.#shard.store.tables.idempotency.put(Buffer.from(key), record)
    const stored = await afterCommit(this.#shard, {}, () => undefined)
    for (const { resolve } of waiting) resolve({ reply })
    return stored
  }
}
