import { type Answer, type Done, type Refused, refused } from '../contract/answer.ts'
import type { Handlers } from '../contract/calls.ts'
import type { Methods } from '../contract/methods.ts'
import { readOwn } from '../store/read-own.ts'
import type { IdempotencyRecord } from '../store/schema.ts'
import { type HomeContext, whenStored } from './context.ts'

type IdempotencyMethods = Pick<Handlers<Methods>, 'idempotencyClaim' | 'idempotencySettle'>
type Claim = Methods['idempotencyClaim']['reply']

const VALID_MS = 300_000
const WAITING_MAX = 1000
/** What a key takes beside its text and its reply, roughly: in memory and on the disk. */
const KEY_BYTES = 256

/** A first use that is under way, and the other uses that wait for its reply. */
interface Pending {
  readonly digest: string
  claimedAt: number
  readonly waiting: { readonly since: number; readonly resolve: (claim: Claim) => void }[]
}

/**
 * The idempotency keys whose home this worker is. The first use of a key claims it; other uses of the key wait for its
 * reply. A new key too many is refused: to forget one would deliver its push twice. The first caller gets the reply when it is on the disk, so a repetition after a restart gets it too.
 */
export class Idempotency {
  readonly methods: IdempotencyMethods = {
    idempotencyClaim: ({ key, digest }) => this.#claim(key, digest),
    idempotencySettle: ({ key, digest, reply }) => this.#settle(key, digest, reply),
  }
  readonly #context: HomeContext
  readonly #pending = new Map<string, Pending>()
  readonly #replies = new Map<string, IdempotencyRecord>()
  #bytes = 0
  #refused = 0

  constructor(context: HomeContext) {
    this.#context = context
    const { placement, store } = context
    const kept: (readonly [string, IdempotencyRecord])[] = []
    const isOwn = ([key]: readonly [string]) => placement.homeOfText(key) === placement.here
    readOwn(store.tables.idempotency, isOwn, ([key], record) => kept.push([key, record]))
    kept.sort(([, one], [, other]) => one.expiresAt - other.expiresAt)
    for (const [key, record] of kept) this.#keep(key, record)
  }

  /** Removes what has expired. */
  tick(now: number): void {
    const { clock, store } = this.#context
    const wall = clock.wall()
    for (const [key, { expiresAt }] of this.#replies) {
      if (expiresAt > wall) break
      this.#forget(key)
      store.tables.idempotency.remove([key])
    }
    for (const [key, { claimedAt }] of this.#pending) {
      if (now - claimedAt > this.#claimMaxMs) this.#pending.delete(key)
    }
  }

  /** Keys, first uses that are under way too; bytes of those with a reply; how many were refused. */
  get usage(): { readonly keys: number; readonly bytes: number; readonly refused: number } {
    return { keys: this.#replies.size + this.#pending.size, bytes: this.#bytes, refused: this.#refused }
  }

  #keep(key: string, record: IdempotencyRecord): void {
    // In order of their ends: the prune stops at the first that is valid.
    this.#forget(key)
    this.#replies.set(key, record)
    this.#bytes += bytesOf(key, record)
  }

  #forget(key: string): void {
    const known = this.#replies.get(key)
    if (known === undefined) return
    this.#replies.delete(key)
    this.#bytes -= bytesOf(key, known)
  }

  /** @returns the refusal of one key more, which is counted */
  #tooMany(): Refused | undefined {
    const { idempotencyKeysMax, idempotencyBytesMax } = this.#context.options
    const keys = this.#replies.size + this.#pending.size
    let most: string | undefined
    if (keys >= idempotencyKeysMax) most = `${idempotencyKeysMax} of them (idempotencyKeysMax)`
    else if (this.#bytes >= idempotencyBytesMax) most = `${idempotencyBytesMax} bytes (idempotencyBytesMax)`
    if (most === undefined) return undefined
    this.#refused++
    return refused('BUSY', `Idempotency-Key: too many are kept for their 5 minutes, at most ${most}; try again later`)
  }

  #claim(key: string, digest: string): Answer<Claim> | Promise<Claim> {
    const known = this.#replies.get(key)
    if (known !== undefined && known.expiresAt > this.#context.clock.wall()) {
      return known.digest === undefined || known.digest === digest ? { reply: known.reply } : usedBefore()
    }
    const pending = this.#pending.get(key)
    const now = this.#context.clock.now()
    if (pending !== undefined && now - pending.claimedAt < this.#claimMaxMs) {
      if (pending.digest !== digest) return usedBefore()
      if (pending.waiting.length >= WAITING_MAX) return refused('BUSY')
      return new Promise(resolve => pending.waiting.push({ since: now, resolve }))
    }
    const refusal = pending === undefined ? this.#tooMany() : undefined
    if (refusal !== undefined) return refusal
    this.#pending.set(key, { digest, claimedAt: now, waiting: pending?.waiting ?? [] })
    return { fresh: true }
  }

  /** A first use takes no longer than this: after it the claimant is taken for gone. */
  get #claimMaxMs(): number {
    return this.#context.options.callTimeoutMs * 2
  }

  /** @param reply empty: the first use failed; the next one is the first */
  async #settle(key: string, digest: string, reply: string): Promise<Answer<Done>> {
    const { waiting } = this.#pending.get(key) ?? { waiting: [] }
    if (reply === '') {
      const now = this.#context.clock.now()
      // A caller that has waited longer than a call may take has already been answered BUSY.
      let next = waiting.shift()
      while (next !== undefined && now - next.since > this.#context.options.callTimeoutMs) next = waiting.shift()
      if (next === undefined) this.#pending.delete(key)
      else {
        this.#pending.set(key, { digest, claimedAt: now, waiting })
        next.resolve({ fresh: true })
      }
      return {}
    }
    this.#pending.delete(key)
    const record = { digest, reply, expiresAt: this.#context.clock.wall() + VALID_MS }
    this.#keep(key, record)
    this.#context.store.tables.idempotency.put([key], record)
    // A reply that the disk refuses is still given to repetitions: its push has been delivered.
    const answer = await whenStored<Done>(this.#context, {}, () => undefined)
    for (const { resolve } of waiting) resolve({ reply })
    return answer
  }
}

function bytesOf(key: string, { reply }: IdempotencyRecord): number {
  return KEY_BYTES + key.length + reply.length
}

function usedBefore(): Refused {
  return refused(
    'BAD_PARAMETER',
    'Idempotency-Key: it was used within 5 minutes for another request (target, parameters or body); use a new key',
  )
}
