import type { Answer } from '../contract/answer.ts'
import { refused } from '../contract/answer.ts'
import type { Handlers } from '../contract/calls.ts'
import type { Device, Methods, ReplyOf } from '../contract/methods.ts'
import type { SessionRecord } from '../store/schema.ts'
import type { Sid } from '../util/id.ts'
import type { Numbers } from '../util/numbers.ts'
import { type HomeContext, whenStored } from './context.ts'

/** Registrations that are looked at each second, for those that nobody uses. */
const PRUNE_SLICE = 500
/** A registration says when it was last used to a tenth of the time after which it is forgotten. */
const SEEN_STEPS = 10

/** The devices that were registered. A user's home registers and forgets his; any worker finds one. */
export class Devices {
  readonly methods: Pick<Handlers<Methods>, 'userRegister' | 'deviceOf'> = {
    userRegister: device => this.#register(device),
    deviceOf: ({ sid }) => ({ device: this.#find(sid) }),
  }
  readonly #context: HomeContext
  readonly #sids: Numbers
  /** Up to here they were looked at. */
  #prunedTo: Sid | undefined

  constructor(context: HomeContext, sids: Numbers) {
    this.#context = context
    this.#sids = sids
  }

  /** A device of a user of this home signed in: its registration is in use. */
  signedIn(sid: Sid): void {
    const { store, clock } = this.#context
    if (this.#unusedMaxMs === 0) return
    const record = store.tables.sessions.get([sid])
    const now = clock.wall()
    if (record === undefined || now - usedAt(record) < this.#unusedMaxMs / SEEN_STEPS) return
    store.tables.sessions.put([sid], { ...record, seenAt: now })
  }

  /** Forgets registrations that nobody uses, some each second. */
  tick(): void {
    if (this.#unusedMaxMs === 0) return
    const { store, clock, placement } = this.#context
    const before = clock.wall() - this.#unusedMaxMs
    const page = store.tables.sessions.page([], this.#prunedTo, PRUNE_SLICE)
    for (const { key, value } of page) {
      if (usedAt(value) < before && placement.homeOf(value.uid) === placement.here) store.tables.sessions.remove(key)
    }
    this.#prunedTo = page.length < PRUNE_SLICE ? undefined : page.at(-1)!.key[0]
  }

  async #register({ uid, nation, city, town }: Device): Promise<Answer<ReplyOf<'userRegister'>>> {
    const { store, clock } = this.#context
    const sid = this.#sids.next() as Sid | undefined
    if (sid === undefined) return refused('BUSY')
    store.tables.sessions.put([sid], { uid, nation, city, town, at: clock.wall() })
    return whenStored(this.#context, { sid }, () => undefined)
  }

  /** Also finds a device registered a moment ago at another worker: the snapshot of this tick may be older. */
  #find(sid: Sid): Device | undefined {
    const { store } = this.#context
    const known = store.tables.sessions.get([sid])
    if (known !== undefined) return known
    store.refresh()
    return store.tables.sessions.get([sid])
  }

  /** Never less than a token lives: who has one may come back with it. */
  get #unusedMaxMs(): number {
    const { sidUnusedMaxS, tokenTtlS } = this.#context.options
    return sidUnusedMaxS === 0 ? 0 : Math.max(sidUnusedMaxS, tokenTtlS) * 1000
  }
}

function usedAt({ at, seenAt = at }: SessionRecord): number {
  return seenAt
}
